// Starting a run: choose a workflow, fill in the form that its schema makes, say what it may cost.

function startPage(name) {
  const [notice, list, place] = [el("div", {}), el("div", { class: "cards" }), el("div", { class: "form" })];
  tried(notice, () => service.get("v1/workflows")).then((workflows) => {
    if (!workflows) return;
    if (workflows.length === 0) fill(list, el("p", {}, "The service has no workflows. Put files into its folder (--workflows), one each."));
    if (name === undefined) return void fill(list, workflows.map(workflowCard));
    const found = workflows.find((workflow) => workflow.name === name);
    if (!found) return void fill(notice, problemView(new Error("there is no workflow " + name)));
    fill(place, found.problem ? problemView(new Problem(0, found.problem)) : startForm(found));
  });
  return { node: el("div", {}, el("h1", { tabindex: "-1" }, name === undefined ? "Start a run" : ["Start ", bdi(name)]), notice, list, place), title: "Start a run", leave: () => {} };
}

function workflowCard(workflow) {
  const facts = workflow.problem ? problemView(new Problem(0, workflow.problem)) : [
    el("p", {}, count(workflow.steps, "step"), workflow.ceiling === null ? "" : ", at most " + money(workflow.ceiling), workflow.deadline_ms === null ? "" : ", within " + time(workflow.deadline_ms * 1000)),
    el("p", {}, el("a", { href: "#/start/" + encodeURIComponent(workflow.name) }, "Start ", bdi(workflow.name))),
  ];
  return el("section", { class: "card" }, el("h2", {}, bdi(workflow.name)), facts);
}

function startForm(workflow) {
  const form = new SchemaForm(workflow.input_schema);
  const [notice, budgets] = [el("div", {}), el("select", {}, el("option", { value: "" }, "none"))];
  const cents = (title, description) => numberField({ type: "integer", minimum: 0, title, description }, { name: title, required: false });
  const ceiling = cents("Ceiling in US cents", workflow.ceiling === null ? "Left out: 1,000 cents" : "Left out: what the workflow says, " + money(workflow.ceiling));
  const absorbed = cents("What failed attempts may lose, in US cents", "Left out: as much as the ceiling");
  const named = labelled({ title: "Named budget", description: "The run takes its ceilings from it" }, { name: "budget", required: false }, budgets, () => budgets.value || undefined);
  const told = (budget) => budget.name + (budget.stopped === null || budget.stopped === undefined ? "" : " (stopped)");
  tried(notice, () => service.get("v1/budgets")).then((all) => (all || []).forEach((budget) => budgets.append(el("option", { value: budget.name }, told(budget)))));
  const begin = begins();
  const start = button("Start the run", async () => {
    start.disabled = true;
    fill(notice);
    const run = await tried(notice, () => begin({ workflow: workflow.name, input: form.value(), budget: { ceiling_cents: ceiling.value(), absorbed_ceiling_cents: absorbed.value(), name: named.value() } }));
    start.disabled = false;
    if (run) location.hash = "#/runs/" + run.id;
  }, { class: "main" });
  return [section("Input", {}, form.node), section("Money", {}, ceiling.node, absorbed.node, named.node), notice, el("p", {}, start)];
}

// Begins runs. What got no answer may have begun: the same asked again is the same run.
function begins() {
  let last = { body: null, key: null };
  return async (asked) => {
    const body = JSON.stringify(asked);
    if (body !== last.body) last = { body, key: String(crypto.getRandomValues(new Uint32Array(4))) };
    const headers = { "content-type": "application/json", "idempotency-key": last.key };
    try {
      const run = await (await service.ask("v1/runs", { method: "POST", headers, body })).json();
      last = { body: null, key: null };
      return run;
    } catch (error) {
      if (error instanceof Problem) last = { body: null, key: null };
      throw error;
    }
  };
}
