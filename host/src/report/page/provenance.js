// Where a report comes from, and what proves it: the journal, the components, the certificate, the workflow as it was.

class Provenance {
  constructor(run) {
    Object.assign(this, { run, model: run.model });
    this.body = el("div", {});
    this.node = section("Where this comes from", { class: "provenance" }, this.body);
  }

  update() {
    const { head } = this.model;
    const rows = [
      ["Run", el("code", {}, head.run)],
      ["Journal", this.run.name ? bdi(this.run.name) : null],
      ["Entries", head.entries + (head.bytes ? ", " + bytes(head.bytes) : "")],
      [head.outcome ? "Seal" : "Chain so far", el("code", {}, head.seal)],
      ["Torn", head.torn_bytes ? count(head.torn_bytes, "byte") + " of a line that was not written to its end, which are left out" : null],
      ["World", head.stubs ? el("span", {}, "a script, ", el("code", {}, head.stubs)) : "live"],
      ["Engine", el("code", {}, head.engine)],
      ["Price list", el("code", {}, head.prices)],
      ["Named budget", head.budget],
      ["Resumed", head.resumed.length ? head.resumed.map(date).join("; ") : null],
      ["Certificate", certificate(this.run.certificate)],
    ];
    const skills = Object.entries(head.skills).map(([id, skill]) => el("tr", {}, el("th", { scope: "row" }, bdi(id)),
      el("td", {}, bdi(skill.version || "")), el("td", {}, skill.refused ? bdi(skill.refused.message) : el("code", {}, skill.digest))));
    fill(this.body, fields(rows), el("h3", {}, "Skills"),
      el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Skills" }, el("table", {}, el("thead", {}, el("tr", {}, ["Skill", "Version", "Component"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, skills))),
      this.texts());
  }

  // What words mean here.
  words() {
    const words = [
      ["held", "the worst price of what is under way; what was not needed of it goes back"],
      ["charged", "what the run is billed, under its ceiling, by the price list of the host; it is no provider's invoice"],
      ["used by failed attempts", "spent by attempts that failed; it has a ceiling of its own, and is not part of the charge"],
      ["billed beyond", "what a provider billed beyond the worst price that was held for a request"],
      ["fuel", "the instructions that a component computed, which have a price"],
      ["door", "the interface that a component called, such as http.send"],
      ["place", "step:attempt:call; attempts count from 1, calls from 0, elements of a list stand behind the step as step/3"],
      ["seal", "the digest of the journal's last line, which follows from all lines"],
    ];
    return el("details", {}, el("summary", {}, "What the words mean"), fields(words));
  }

  texts() {
    if (this.made) return this.made;
    const whole = el("div", {});
    const text = this.model.workflowText;
    this.made = [
      this.words(),
      el("details", { ontoggle: () => { if (!whole.firstChild) this.document(whole); } }, el("summary", {}, "Input and output of the run"), whole),
      text ? el("details", {}, el("summary", {}, "The workflow as it was"), el("pre", { tabindex: "0" }, el("code", {}, text))) : null,
    ];
    return this.made;
  }

  document(node) {
    fill(node, "Reading…");
    this.run.documents("").then((found) => fill(node, documentView(found, "", "Input", "Output"), found && found.answer === undefined ? el("p", {}, "It gave no output.") : null), (error) => fill(node, String(error.message || error)));
  }
}

// What a certificate says, and how far it was verified.
function certificate(found) {
  if (!found) return null;
  const engines = found.engines.map((engine) => engine.name + " ×" + engine.repetitions).join(", ");
  const look = { verified: STATES.success, unverified: STATES.partial, unsigned: STATES.partial, broken: STATES.failure }[found.state];
  return el("span", {}, chip(look, found.words), engines ? " Equal in " + engines + ". Compared: " + found.compared.join(", ") + "." : "");
}
