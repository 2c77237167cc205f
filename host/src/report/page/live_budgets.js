// Named budgets, and the emergency stop.

function budgetsPage() {
  const [notice, place, dialog] = [el("div", {}), el("div", { class: "cards" }), el("div", {})];
  const load = async () => {
    const all = await tried(notice, () => service.get("v1/budgets"));
    if (!all) return;
    stopAll.hidden = all.length === 0;
    refill(place, all.length === 0 ? el("p", {}, "There are no named budgets. aos budget set NAME --ceiling-cents N makes one in the folder of this service.") : all.map((budget) => budgetCard(budget, act)));
  };
  const act = async (path, words) => {
    fill(notice);
    const before = document.activeElement;
    const why = words ? await askWhy(dialog, words) : undefined;
    if (before) before.focus();
    if (why === null) return;
    const done = await tried(notice, () => service.post(path, why === undefined || why === "" ? {} : { why }));
    if (done) {
      fill(notice, el("div", { class: "notice", role: "status" }, words ? `Stopped: nothing more leaves on ${words}, in any process.` : "Started again."));
      await load();
    }
  };
  const stopAll = button("Emergency stop of all budgets", () => act("v1/budgets/stop", "all budgets"), { class: "danger" });
  const timer = setInterval(() => { if (!document.hidden && !dialog.firstChild) load(); }, 3000);
  load();
  return { node: el("div", {}, el("h1", { tabindex: "-1" }, "Budgets"), el("p", {}, stopAll), notice, dialog, place), title: "Budgets", leave: () => clearInterval(timer) };
}

function budgetCard(budget, act) {
  const path = "v1/budgets/" + encodeURIComponent(budget.name);
  if (budget.problem) return el("section", { class: "card" }, el("h2", {}, bdi(budget.name)), problemView(new Problem(0, budget.problem)));
  const stopped = budget.stopped !== null && budget.stopped !== undefined;
  const used = budget.ceiling ? Math.min(1, (budget.charged + budget.held) / budget.ceiling) : 0;
  const rows = [["Left", money(budget.available)], ["Ceiling", money(budget.ceiling)], ["Charged", money(budget.charged)], ["Held by runs", money(budget.held)], ["Used by failed attempts", money(budget.absorbed)], ["Billed beyond", budget.overrun ? money(budget.overrun) : null]];
  const runs = budget.runs.map((run) => el("li", {}, el("a", { href: "#/runs/" + run.run }, el("code", {}, run.run)), " holds ", money(run.ceiling)));
  return el("section", { class: "card" }, el("h2", {}, bdi(budget.name), " ", stopped ? chip({ word: "stopped", icon: "■", cls: "failure" }) : chip({ word: "open", icon: "✓", cls: "success" })),
    stopped && budget.stopped ? el("p", {}, "Why: ", bdi(budget.stopped)) : null,
    el("div", { class: "measure", "aria-hidden": "true" }, el("div", { css: { width: used * 100 + "%" } })), fields(rows), runs.length ? el("ul", {}, runs) : null,
    stopped ? button("Start again", () => act(path + "/start"), { "aria-label": "Start again the budget " + budget.name }) : button("Stop", () => act(path + "/stop", "the budget " + budget.name), { class: "danger", "aria-label": "Stop the budget " + budget.name }));
}

// Asks why, and so whether it is meant. Gives null where it is not.
function askWhy(place, what) {
  return new Promise((answer) => {
    const why = el("input", { type: "text", maxlength: "200", id: freshId("why") });
    const done = (value) => { node.close(); fill(place); answer(value); };
    const node = el("dialog", { "aria-label": "Stop " + what, oncancel: () => done(null) },
      el("p", {}, `Nothing more leaves on ${what}, in any process, until it is started again. Runs under way end with BUDGET_STOPPED.`),
      el("p", {}, el("label", { for: why.id }, "Why (it is kept): "), why),
      el("p", { class: "tools" }, button("Stop now", () => done(why.value.trim()), { class: "danger" }), button("Leave it", () => done(null))));
    fill(place, node);
    node.showModal();
    why.focus();
  });
}
