// Starting a run: choose a workflow, fill in the form that its schema makes, say what it may cost.

function startPage(name) {
  const [notice, list, place] = [el("div", {}), el("div", { class: "cards" }), el("div", { class: "form" })];
  tried(notice, () => service.get("v1/workflows")).then((workflows) => {
    if (!workflows) return;
    if (workflows.length === 0) fill(list, el("p", {}, "The service has no workflows. Put files into its folder (--workflows), one each."));
    if (name === undefined) return void fill(list, workflows.map(workflowCard));
    const found = workflows.find((workflow) => workflow.name === name);
    if (!found) return void fill(notice, problemView(new Error("there is no workflow " + name)));
    fill(place, startForm(found));
  });
  return { node: el("div", {}, el("h1", { tabindex: "-1" }, name === undefined ? "Start a run" : ["Start ", bdi(name)]), notice, list, place), title: "Start a run", leave: () => {} };
}

function workflowCard(workflow) {
  const facts = workflow.problem ? problemView(new Problem(0, workflow.problem)) : [
    el("p", {}, count(workflow.steps, "step"), workflow.ceiling === null ? "" : ", at most " + money(workflow.ceiling), workflow.deadline_ms === null ? "" : ", within " + time(workflow.deadline_ms * 1000)),
    el("p", {}, el("a", { href: "#/start/" + encodeURIComponent(workflow.name) }, "Start it")),
  ];
  return el("section", { class: "card" }, el("h2", {}, bdi(workflow.name)), facts);
}

function startForm(workflow) {
  const form = new SchemaForm(workflow.input_schema);
  const [notice, budgets] = [el("div", {}), el("select", {}, el("option", { value: "" }, "none"))];
  const cents = (label, hint) => {
    const input = el("input", { type: "number", min: "0", max: "900719925", step: "1" });
    return { input, ...labelled({ title: label, description: hint }, { name: label, required: false }, input) };
  };
  const ceiling = cents("Ceiling in US cents", workflow.ceiling === null ? "Left out: 1,000 cents" : "Left out: what the workflow says, " + money(workflow.ceiling));
  const absorbed = cents("What failed attempts may lose, in US cents", "Left out: as much as the ceiling");
  const named = labelled({ title: "Named budget", description: "The run takes its ceilings from it" }, { name: "budget", required: false }, budgets);
  service.get("v1/budgets").then((all) => all.forEach(({ name }) => budgets.append(el("option", { value: name }, name))), () => {});
  // One press of the button is one run, however often the request is sent.
  let key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
  const start = button("Start the run", async () => {
    const run = await tried(notice, async () => {
      const input = form.value();
      const budget = Object.fromEntries(Object.entries({ ceiling_cents: number(ceiling.input), absorbed_ceiling_cents: number(absorbed.input), name: budgets.value || undefined }).filter(([, value]) => value !== undefined));
      const body = JSON.stringify({ workflow: workflow.name, input, budget });
      return (await service.ask("v1/runs", { method: "POST", headers: { "content-type": "application/json", "idempotency-key": key }, body })).json();
    });
    key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    if (run) location.hash = "#/runs/" + run.id;
  }, { class: "main" });
  return [section("Input", {}, form.node), section("Money", {}, ceiling.node, absorbed.node, named.node), notice, el("p", {}, start)];
}

function number(input) {
  return input.value === "" ? undefined : Number(input.value);
}
