// What can be done with a page, one step at a time, each within a limit of time.
//
//   {click: selector}             {press: key}                  {fill: [selector, text]}
//   {select: [selector, value]}   {wait: selector} is visible   {gone: selector} is not
//   {eval: expression}            gives its value, awaited      {download: selector} clicks, and gives {name, text}
//   {viewport: [width, height]}   {scroll: [selector, y]}       {screenshot: path} of the viewport
import { readFile } from "node:fs/promises";

// What is left to Playwright to say that it took too long: it knows for what.
const GRACE_MS = 1_000;

// A page that computes without end answers nothing, and Playwright waits for some answers for ever.
export async function within(limit, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit + GRACE_MS);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
        promise.catch(() => {});
    }
}

async function download(page, selector) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

async function scroll(page, [selector, y]) {
    await page.locator(selector).evaluate((element, y) => element.scrollTo(0, y), y);
    // What is drawn by what can be seen is drawn in the next frame, or the one after it.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

const STEPS = {
    click: (page, selector) => page.click(selector),
    press: (page, key) => page.keyboard.press(key),
    fill: (page, [selector, text]) => page.fill(selector, text),
    select: async (page, [selector, value]) => void (await page.selectOption(selector, value)),
    wait: async (page, selector) => void (await page.waitForSelector(selector, { state: "visible" })),
    gone: async (page, selector) => void (await page.waitForSelector(selector, { state: "hidden" })),
    eval: async (_, expression, { evaluate }) => (await evaluate(expression)) ?? null,
    download,
    viewport: (page, [width, height]) => page.setViewportSize({ width, height }),
    scroll,
    screenshot: async (page, path) => void (await page.screenshot({ path, animations: "disabled" })),
};

// Does one step; what it gives, if it gives something.
export async function perform(page, step, means) {
    const [name, argument] = Object.entries(step)[0];
    if (!Object.hasOwn(STEPS, name)) throw new Error(`there is no step ${name}`);
    return within(means.limit, STEPS[name](page, argument, means));
}
