// The tables of a run: its steps, and its calls.

function stepTable(model, actions) {
  const columns = [
    { name: "Step", value: (row) => nameOf(row.step), show: (row) => button(nameOf(row.step), () => actions.go(placeOf(row.step, row.last)), { class: "link" }) },
    { name: "Skill", value: (row) => row.last.skill, show: (row) => bdi(row.last.skill || "") },
    { name: "State", value: (row) => look(row.state).word, show: (row) => chip(look(row.state)) },
    { name: "Code", value: (row) => row.last.code },
    { name: "Tries", value: (row) => row.tries, number: true },
    { name: "Begun", value: (row) => row.begun, show: (row) => time(row.begun), number: true },
    { name: "Took", value: (row) => row.took, show: (row) => time(row.took), number: true },
    { name: "Fuel", value: (row) => row.fuel, show: (row) => (row.fuel === null ? "" : el("span", { title: row.fuel.toLocaleString() }, short(row.fuel))), number: true },
    { name: "Memory", value: (row) => row.memory, show: (row) => bytes(row.memory), number: true },
    { name: "Charged", value: (row) => row.charged, show: (row) => (row.charged === null ? "" : money(row.charged)), number: true },
    { name: "Used by failed attempts", value: (row) => row.absorbed, show: (row) => (row.absorbed === null ? "" : money(row.absorbed)), number: true },
    { name: "Requests", value: (row) => row.sent, number: true },
  ];
  return new SortedTable("steps and elements", columns, () => model.steps.map((step) => stepRow(step, model)));
}

function stepRow(step, model) {
  const last = step.attempts[step.attempts.length - 1];
  const { items } = model.groups.get(step.step);
  const state = stepState(step);
  const end = endOf(last, model.head.took_us);
  // What a step with elements used stands in their rows.
  if (step.item === null && items.length > 0) {
    const begun = items.reduce((least, item) => Math.min(least, item.attempts[0].begun_us), Infinity);
    return { step, last, state, begun, took: end - begun, tries: null, fuel: null, memory: null, charged: null, absorbed: null, sent: null };
  }
  const begun = step.attempts[0].begun_us;
  const tries = step.attempts.filter((attempt) => attempt.skill).length;
  return { step, last, state, begun, took: end - begun, tries, ...sums(step) };
}

function callTable(model, actions) {
  const columns = [
    { name: "Where", value: (row) => row.place, show: (row) => button(row.place, () => actions.go(row.place), { class: "link" }) },
    { name: "Door", value: (row) => row.call.call },
    { name: "Target", value: (row) => row.call.target, show: (row) => bdi(cut(row.call.target, 120)) },
    { name: "Result", value: (row) => callResult(row.call), show: (row) => chip(callLook(row.call), callResult(row.call)) },
    { name: "Status", value: (row) => row.call.status, number: true },
    { name: "At", value: (row) => row.call.at_us, show: (row) => time(row.call.at_us), number: true },
    { name: "Took", value: (row) => row.call.took_us, show: (row) => time(row.call.took_us), number: true },
    { name: "Held", value: (row) => row.call.held, show: (row) => money(row.call.held), number: true },
    { name: "Spent", value: (row) => row.call.spent, show: (row) => money(row.call.spent), number: true },
    { name: "Another run", value: (row) => anewWords(row.call) },
  ];
  return new SortedTable("calls", columns, () => callRows(model));
}

function callRows(model) {
  const rows = [];
  for (const step of model.steps) {
    for (const attempt of step.attempts) {
      for (const call of attempt.calls) rows.push({ place: placeOf(step, attempt, call.index), call });
    }
  }
  return rows;
}

// Both, of which one is seen.
class Tables {
  constructor(model, actions) {
    this.tables = [["Steps", stepTable(model, actions)], ["Calls", callTable(model, actions)]];
    this.shown = 0;
    this.tabs = el("div", { class: "tabs", role: "group", "aria-label": "Which table" });
    this.place = el("div", {});
    this.node = section("Table", {}, this.tabs, this.place);
  }

  update() {
    fill(this.tabs, this.tables.map(([name], at) => button(name, () => { this.shown = at; this.update(); }, { "aria-pressed": String(at === this.shown), class: "tab" })));
    const [, table] = this.tables[this.shown];
    table.update();
    if (this.place.firstChild !== table.node) fill(this.place, table.node);
  }
}
