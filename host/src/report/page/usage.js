// Fuel and memory by step: who used most of it.

const MOST_USERS = 20;

class Usage {
  constructor(model, actions) {
    Object.assign(this, { model, actions });
    this.body = el("div", { class: "usage" });
    this.node = section("Fuel and memory by step", {}, this.body);
  }

  update() {
    const all = this.model.steps.map((step) => ({ step, ...sums(step) })).filter((row) => row.fuel > 0 || row.memory);
    all.sort((one, other) => other.fuel - one.fuel);
    const rows = all.slice(0, MOST_USERS).map((row) => el("tr", {},
      el("th", { scope: "row" }, button(nameOf(row.step), () => this.actions.go(placeOf(row.step, row.step.attempts[row.step.attempts.length - 1])), { class: "link" })),
      measured(row.fuel / Math.max(1, granted(row.step)), short(row.fuel) + " of " + short(granted(row.step)) + " granted", row.fuel.toLocaleString() + " units"),
      el("td", {}, row.memory === null ? "not recorded" : bytes(row.memory))));
    const head = el("tr", {}, ["Step", "Fuel used of what was granted", "Most memory"].map((text) => el("th", { scope: "col" }, text)));
    const more = all.length - rows.length;
    fill(this.body, rows.length === 0 ? el("p", {}, "No component has computed anything yet.") :
      el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Fuel and memory" }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows))),
    more > 0 ? el("p", {}, `${count(more, "more row")} in the table below.`) : null);
  }
}

function granted(step) {
  return step.attempts.reduce((sum, attempt) => sum + attempt.fuel_granted, 0);
}

function measured(share, words, title) {
  return el("td", { title }, el("div", { class: "measure", "aria-hidden": "true" }, el("div", { css: { width: Math.max(share * 100, 0.5) + "%" } })), words);
}
