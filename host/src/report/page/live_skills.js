// Skills: what each says of itself, and on what terms it runs.

function skillsPage(id) {
  const [notice, place] = [el("div", {}), el("div", {})];
  tried(notice, () => service.get("v1/skills")).then((skills) => {
    if (!skills) return;
    const found = skills.find((skill) => skill.id === id);
    if (id !== undefined && !found) return void fill(notice, problemView(new Error("there is no skill " + id)));
    fill(place, found ? skillView(found) : skills.length === 0 ? el("p", {}, "The service has no skills. Name a folder of components with --skills.") : skillList(skills));
  });
  return { node: el("div", {}, el("h1", { tabindex: "-1" }, id === undefined ? "Skills" : ["Skill ", bdi(id)]), notice, place), title: "Skills", leave: () => {} };
}

function skillList(skills) {
  const table = new SortedTable("skills", [
    { name: "Skill", value: (skill) => skill.id, show: (skill) => el("a", { href: "#/skills/" + encodeURIComponent(skill.id) }, bdi(skill.id, "short")) },
    { name: "Version", value: (skill) => skill.version },
    { name: "What it does", value: (skill) => skill.description, show: (skill) => bdi(skill.description) },
    { name: "Effects", value: (skill) => (skill.effects || []).join(", ") || "none" },
    { name: "Deterministic", value: (skill) => (skill.deterministic ? "yes" : "no") },
  ], () => skills);
  table.update();
  return table.node;
}

function skillView(skill) {
  const { contract } = skill;
  const limits = [
    ["Fuel", contract.fuel.toLocaleString()], ["Memory", bytes(contract.memory_bytes)], ["Deadline", time(contract.deadline_ms * 1000)],
    ["Calls of the host", String(contract.host_calls)], ["Hosts", (contract.hosts || []).join(", ")], ["Models", (contract.models || []).join(", ")], ["Secrets", (contract.secrets || []).join(", ")],
  ];
  const facts = [["Version", skill.version], ["What it does", bdi(skill.description)], ["Kind", skill.kind], ["Component", el("code", {}, skill.digest)], ["Effects", (skill.effects || []).join(", ") || "none"], ["May be made again", skill.idempotent ? "yes" : "no"]];
  const schema = (name, value) => [el("h3", {}, name), value === undefined || value === null ? el("p", {}, "none") : jsonView(value)];
  return [fields(facts), section("Contract", {}, fields(limits)),
    skill.terms ? section("Terms and grants", {}, el("p", {}, "What the file beside the component says: on what terms it runs, whatever a workflow grants."), jsonView(skill.terms)) : section("Terms and grants", {}, el("p", {}, "No file beside the component says anything: what the workflow grants holds.")),
    section("Schemas", {}, schema("Input", skill.input_schema), schema("Output", skill.output_schema)),
    el("p", {}, el("a", { href: "#/skills" }, "All skills"))];
}
