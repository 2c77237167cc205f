// Looks at one page with headless Chromium: reads one order as JSON from standard input, and writes what it saw as JSON to
// standard output. It owns the browser's life and the time that all of it may take; it judges nothing.
//
// The order:
//   url            the page; of a `file:` page every request beside it is noted and goes nowhere
//   width, height  of the viewport: 1280 and 900
//   scheme         light or dark;  reducedMotion: true or false;  media: screen or print
//   headers        of every request
//   ready          the selector that says that the page is drawn: [data-ready]; null waits for the load event alone
//   steps          what to do, in order: see steps.mjs
//   axe            whether axe-core looks at it, after the steps
//   screenshot     where to write a picture after that, of the whole page where fullPage is true
//   timeoutMs      the most that any one of these may take: 20000
//   errorShot      where a picture is written of a page at which a step failed
//
// The answer:
//   opened_ms      from the navigation until the load event has come and `ready` is there
//   results        of each step that gives something: eval, download
//   console        warnings and errors of the console, and errors that nobody caught: {level, text, place}
//   requests       URLs that were asked for beside the page's own document
//   dialogs        how many were opened
//   csp            violations of its content security policy: {directive, blocked, sample}
//   axe            violations as axe-core tells them, {serious, minor}: serious are its impacts serious and critical
//   overflows      whether the document is wider than the viewport; width, and the widest element that is to blame
//   error          when something failed or took too long: {place, doing, message, screenshot}; place counts steps from 0
//   missing        what is not installed here; then there is nothing else
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

import { axeViolations, overflow } from "./judges.mjs";
import { perform, within } from "./steps.mjs";
import { watch } from "./watch.mjs";

// More than any test needs. What hangs in spite of all other limits ends here.
const WHOLE_MS = 150_000;
// Names lead to the loopback or nowhere, whatever a page or the browser itself asks for. Text is drawn without what differs
// from screen to screen, and nothing needs a graphics card or much shared memory.
const FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--disable-lcd-text",
    "--disable-gpu",
    "--disable-dev-shm-usage",
];

function say(answer) {
    return new Promise((resolve) => process.stdout.write(JSON.stringify(answer), resolve));
}

async function onPath(program) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
        const path = join(folder, program);
        const runs = await access(path, constants.X_OK).then(() => true, () => false);
        if (runs) return path;
    }
    return null;
}

async function playwright() {
    try {
        return await import("playwright-core");
    } catch (error) {
        if (error.code === "ERR_MODULE_NOT_FOUND") return null;
        throw error;
    }
}

function contextOf(order) {
    return {
        viewport: { width: order.width ?? 1280, height: order.height ?? 900 },
        colorScheme: order.scheme ?? "light",
        reducedMotion: order.reducedMotion ? "reduce" : "no-preference",
        extraHTTPHeaders: order.headers ?? {},
        locale: "en-US",
        timezoneId: "UTC",
        // What pages copy can be read by an `eval`.
        permissions: ["clipboard-read", "clipboard-write"],
    };
}

async function open(page, order, limit) {
    if (order.media) await page.emulateMedia({ media: order.media });
    const ready = order.ready === undefined ? "[data-ready]" : order.ready;
    const begun = performance.now();
    await page.goto(order.url, { waitUntil: "load", timeout: limit });
    if (ready !== null) await page.waitForSelector(ready, { state: "attached", timeout: limit });
    return performance.now() - begun;
}

async function look(order, browser, seen) {
    const limit = order.timeoutMs ?? 20_000;
    const context = await browser.newContext(contextOf(order));
    context.setDefaultTimeout(limit);
    await watch(context, order.url, seen);
    const page = await context.newPage();
    const evaluate = (expression) => within(limit, page.evaluate(expression));
    let at = { place: "open", doing: order.url };
    try {
        seen.opened_ms = await open(page, order, limit);
        for (const [place, step] of (order.steps ?? []).entries()) {
            at = { place, doing: step };
            const result = await perform(page, step, { evaluate, limit });
            if (result !== undefined) seen.results.push(result);
        }
        at = { place: "end", doing: "axe" };
        if (order.axe) seen.axe = await axeViolations(evaluate);
        at.doing = "overflow";
        Object.assign(seen, await overflow(evaluate));
        at.doing = "screenshot";
        await shoot(page, order.screenshot, order.fullPage);
    } catch (error) {
        seen.error = { ...at, message: error.message.split("\n")[0], screenshot: null };
        const shot = shoot(page, order.errorShot).then(() => (seen.error.screenshot = order.errorShot ?? null));
        await shot.catch(() => {}); // the page may be what hangs
    }
}

async function shoot(page, path, fullPage = false) {
    if (path) await page.screenshot({ path, fullPage, animations: "disabled", timeout: 10_000 });
}

async function main() {
    const order = JSON.parse(await text(process.stdin));
    const modules = await playwright();
    if (!modules) return say({ missing: "playwright-core" });
    const executablePath = await onPath("chromium");
    if (!executablePath) return say({ missing: "Chromium" });
    const args = process.getuid?.() === 0 ? ["--no-sandbox", ...FLAGS] : FLAGS;
    const seen = { opened_ms: null, results: [], console: [], requests: [], dialogs: 0, csp: [], axe: null };
    const browser = await modules.chromium.launch({ executablePath, args, timeout: 60_000 });
    const late = setTimeout(async () => {
        await say({ ...seen, error: { place: "whole", doing: null, message: `took over ${WHOLE_MS} ms`, screenshot: null } });
        process.exit(); // which ends the browser
    }, WHOLE_MS);
    await look(order, browser, seen);
    clearTimeout(late);
    await say(seen);
    // A page that computes without end keeps its browser from closing in order.
    setTimeout(() => process.exit(), 5_000).unref();
    await browser.close();
}

await main();
