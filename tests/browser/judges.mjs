// What can be said of a page as it stands: whether everyone can use it, by axe-core, and whether it is wider than its window.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

// Nodes that are told of one violation: enough to find the rest.
const MOST_NODES = 5;

// Violations that keep people out, and those that are only in their way.
export async function axeViolations(evaluate) {
    await evaluate(await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8"));
    const found = await evaluate(`axe.run(document, { resultTypes: ["violations"], preload: false }).then((found) =>
        found.violations.map(({ id, impact, help, nodes }) => ({
            id, impact, help, count: nodes.length,
            nodes: nodes.slice(0, ${MOST_NODES}).map(({ html, target, failureSummary }) =>
                ({ html: html.slice(0, 300), target, why: failureSummary })),
        })))`);
    const isSerious = ({ impact }) => impact === "serious" || impact === "critical";
    return { serious: found.filter(isSerious), minor: found.filter((violation) => !isSerious(violation)) };
}

// Whether one has to scroll sideways, and for what.
export async function overflow(evaluate) {
    return evaluate(`(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const overflows = scrollWidth > clientWidth;
        let widest = null, right = clientWidth;
        for (const element of overflows ? document.body.querySelectorAll("*") : []) {
            const edge = element.getBoundingClientRect().right + scrollX;
            if (edge > right) [widest, right] = [element, edge];
        }
        return { overflows, width: scrollWidth, widest: widest && widest.outerHTML.slice(0, 300) };
    })()`);
}
