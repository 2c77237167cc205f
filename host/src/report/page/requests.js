// What the run asked of the world, in the order in which it did: what left, what came of it, and what another run would do
// once more.

// Requests that are listed here; the table of calls has all.
const MOST_REQUESTS = 15;

class Requests {
  constructor(model, actions) {
    Object.assign(this, { model, actions });
    this.body = el("div", {});
    this.node = section("What it asked of the world", {}, this.body);
  }

  update() {
    const all = callRows(this.model).filter(({ call }) => call.class === "effect");
    all.sort((one, other) => one.call.at_us - other.call.at_us);
    this.node.hidden = all.length === 0;
    const rows = all.slice(0, MOST_REQUESTS).map((row) => this.row(row));
    const head = el("tr", {}, ["At", "Where", "Request", "What came of it", "Another run"].map((text) => el("th", { scope: "col" }, text)));
    const more = all.length - rows.length;
    fill(this.body, el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Requests" }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows))),
      more > 0 ? el("p", {}, `${count(more, "more request")} in the table of calls below.`) : null);
  }

  row({ place, call }) {
    return el("tr", {}, el("td", {}, time(call.at_us)),
      el("td", {}, button(place, () => this.actions.go(place), { class: "link" })),
      el("td", {}, call.call + " ", bdi(cut(call.target, 160))),
      el("td", {}, chip(callLook(call), callResult(call) + (call.status === null ? "" : ", " + call.status)), call.spent ? " " + money(call.spent) : ""),
      el("td", {}, anew(call)));
  }
}

// What becomes of a call when it is made again.
function anewWords(call) {
  if (call.class !== "effect") return "";
  const cost = call.spent ? ", and costs again" : "";
  if (call.unsent) return "asks it anew: it never left";
  if (call.did_nothing) return "asks it again: it did nothing" + cost;
  if (call.repeatable) return "has no second effect" + cost;
  return (call.code === "OK" ? "does it once more" : "tries it once more; it may be done already") + cost;
}

function anew(call) {
  return call.repeatable || call.did_nothing ? anewWords(call) : el("strong", {}, anewWords(call));
}
