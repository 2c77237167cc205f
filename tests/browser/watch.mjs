// Notes what a page does beside being drawn: what it asks for, what it complains of, what it wants to ask the user.

const LEVELS = new Set(["warning", "error", "assert"]);
const NETWORK = /^(https?|wss?|ftp):/;

// In the page, before anything of it runs.
function tellViolations() {
    addEventListener("securitypolicyviolation", (event) => {
        const { effectiveDirective: directive, blockedURI: blocked, sample } = event;
        globalThis.__violation({ directive, blocked, sample });
    });
}

// Begins to note, in `seen`, whatever pages of a context do whose first document is `url`.
export async function watch(context, url, seen) {
    context.on("console", (message) => {
        const { url: file, lineNumber } = message.location();
        if (LEVELS.has(message.type())) note(seen, message.type(), message.text(), `${file}:${lineNumber}`);
    });
    context.on("weberror", (event) => note(seen, "uncaught", String(event.error()?.stack ?? event.error()), ""));
    context.on("dialog", (dialog) => {
        seen.dialogs += 1;
        dialog.dismiss().catch(() => {});
    });
    context.on("page", (page) => page.on("crash", () => note(seen, "crash", "the page is gone", "")));
    await context.exposeBinding("__violation", (_, violation) => void seen.csp.push(violation));
    await context.addInitScript(tellViolations);
    await watchRequests(context, url, seen);
}

function note(seen, level, text, place) {
    seen.console.push({ level, text, place });
}

async function watchRequests(context, url, seen) {
    const own = new URL(url).href.split("#")[0];
    let opened = false;
    context.on("request", (request) => {
        const asked = request.url();
        const isOwn = !opened && request.isNavigationRequest() && asked.split("#")[0] === own;
        opened ||= isOwn;
        // What a page holds itself is asked of nobody.
        if (!isOwn && !/^(data|blob):/.test(asked)) seen.requests.push(asked);
    });
    if (!own.startsWith("file:")) {
        context.on("page", (page) => page.on("websocket", (socket) => seen.requests.push(socket.url())));
        return;
    }
    await context.route(NETWORK, (route) => route.abort("internetdisconnected"));
    await context.routeWebSocket(NETWORK, (socket) => {
        seen.requests.push(socket.url());
        socket.close();
    });
}
