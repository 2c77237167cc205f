// What the live page asks the service. The bearer token stays in this tab.

class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "the service answered " + status);
    Object.assign(this, { status, body });
  }
}

// Nobody answered, which may pass.
class Unreachable extends Error {
  constructor() {
    super("The service does not answer. See whether it runs, and whether the way to it is open.");
  }
}

// What a proxy says in the place of a service that is not there, and what a service says that has no room.
const PASSING = [502, 503, 504];

function mayPass(error) {
  return error instanceof Unreachable || PASSING.includes(error.status);
}

// An error of the browser, but one that the page caused itself, as one that may pass.
function unreachable(error) {
  throw error.name === "AbortError" ? error : new Unreachable();
}

const service = {
  token() {
    try { return sessionStorage.getItem("aos-token") || ""; } catch { return service.kept || ""; }
  },

  keep(token) {
    service.kept = token;
    try { sessionStorage.setItem("aos-token", token); } catch { /* Then it is gone with the page. */ }
  },

  async ask(path, options) {
    const headers = { ...(options && options.headers) };
    if (service.token()) headers.authorization = "Bearer " + service.token();
    const response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" }).catch(unreachable);
    if (response.ok) return response;
    const body = await response.json().catch(() => ({}));
    if (response.status === 401) dispatchEvent(new Event("aos-token"));
    throw new Problem(response.status, body);
  },

  async get(path) {
    return (await service.ask(path)).json();
  },

  async post(path, body) {
    return (await service.ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body || {}) })).json();
  },

  // Gives something to the browser to be kept as a file.
  async download(path, name) {
    const url = URL.createObjectURL(await (await service.ask(path)).blob());
    const link = el("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  },

  // Follows a stream of server-sent events until it ends or `signal` says so, and begins with an event `open`. The browser's
  // own reader cannot send a token.
  async follow(path, last, signal, take) {
    const response = await service.ask(path, { signal, headers: last >= 0 ? { "last-event-id": String(last) } : {} });
    if (response.status === 204) return;
    take("open", "");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const read = eventReader(take);
    for (;;) {
      const { value, done } = await reader.read().catch(unreachable);
      if (done) return;
      read(value);
    }
  },
};

// Takes apart a stream of events (HTML Living Standard, 9.2). A piece may end anywhere.
function eventReader(take) {
  let [rest, event, data] = ["", "message", []];
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines.map((line) => line.replace(/\r$/, ""))) {
      if (line === "") {
        if (data.length) take(event, data.join("\n"));
        [event, data] = ["message", []];
      } else if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
  };
}

// Why something was refused: what happened, where, and what to do.
function problemView(error) {
  const body = error.body || {};
  const faults = (body.details && body.details.faults) || [];
  return el("div", { class: "notice bad", role: "alert" },
    el("p", {}, body.code ? [chip(STATES.failure, body.code), " "] : "", bdi(error.message)),
    body.pointer ? el("p", {}, "At ", el("code", {}, body.pointer)) : null,
    faults.length > 1 ? el("ul", {}, faults.map((fault) => el("li", {}, el("code", {}, fault.pointer || ""), " ", bdi(fault.message || JSON.stringify(fault))))) : null,
    body.advice ? el("p", {}, "What to do: " + body.advice + ".") : null);
}

// Does something that may be refused, and says so in `place`.
async function tried(place, work) {
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") fill(place, problemView(error));
    return undefined;
  }
}
