// One run of the service, as it goes: the drawing of the report, fed by the run's event stream.

// How long to wait before a stream that broke off is taken up again.
const RECONNECT_MS = 1000;

function runPage(id) {
  const path = "v1/runs/" + encodeURIComponent(id);
  const stop = new AbortController();
  const [notice, actions, place] = [el("div", {}), el("div", { class: "tools" }), el("div", {}, el("p", {}, "Reading the journal…"))];
  const model = new Model();
  const documents = (at) => service.get(path + "/document" + (at ? "?place=" + encodeURIComponent(at) : "")).catch((error) => { if (error.status === 404) return null; throw error; });
  const run = { name: id, model, documents, page: async (code) => cataloguePage(await service.get("v1/failures/" + code), catalogueLink), workflowText: null, certificate: null };
  let page = null;
  const draw = eachFrame(() => {
    if (!page) {
      page = new RunPage(run, actions);
      fill(place, page.node);
    }
    page.update();
  });
  const take = (event, data) => {
    if (event === "problem") return void fill(notice, problemView(new Problem(0, JSON.parse(data))));
    if (event !== "view") return;
    model.apply(JSON.parse(data));
    draw();
  };
  const look = async () => {
    const now = await tried(notice, () => service.get(path));
    if (now) fill(actions, runActions(path, now, notice, look, follow));
    return now;
  };
  const follow = async () => {
    for (;;) {
      await tried(notice, () => service.follow(path + "/view/events", model.seq, stop.signal, take));
      const now = stop.signal.aborted ? null : await look();
      if (!now || ["ended", "left", "stuck"].includes(now.state)) break;
      await new Promise((done) => { setTimeout(done, RECONNECT_MS); });
    }
    if (page && model.isOver()) announce("The run has ended: " + model.head.outcome.code);
  };
  look();
  follow();
  return { node: el("div", {}, notice, place), title: "Run " + id, leave: () => stop.abort() };
}

// What can be done with a run.
function runActions(path, now, notice, look, follow) {
  const done = (words) => fill(notice, el("div", { class: "notice", role: "status" }, words));
  const act = (name, words, after) => button(name, async () => {
    const found = await tried(notice, () => service.post(path + "/" + name.toLowerCase()));
    if (found) done(words(found));
    await look();
    if (found && after) after();
  }, { class: name === "Cancel" ? "danger" : null });
  const over = now.state === "ended";
  return [
    ["running", "resuming"].includes(now.state) ? act("Cancel", () => "It was asked to stop, and ends with what it has.") : null,
    now.state === "stuck" || (over && ["JOURNAL_IO", "DISK_FULL"].includes(now.code)) ? act("Resume", () => "It goes on.", follow) : null,
    over ? act("Replay", (found) => replayWords(found)) : null,
    button("Download the journal", () => tried(notice, () => service.download(path + "/journal", now.id + ".jsonl"))),
    over ? button("Download this report", () => tried(notice, () => service.download(path + "/report", now.id + ".html"))) : null,
    now.problem ? problemView(new Problem(0, now.problem)) : null,
  ];
}

function replayWords(found) {
  if (found.holds) return [chip(STATES.success, "repeats"), " The replay met every entry again, byte for byte, without a network."];
  const why = found.problem ? problemView(new Problem(0, found.problem)) : null;
  return [chip(STATES.failure, "does not repeat"), " The replay did something else than the journal holds.", why];
}

// Links of the catalogue's pages lead to other pages of it, and else nowhere.
function catalogueLink(words, to) {
  const code = to.match(/^([A-Z_]+)\.md$/);
  return code ? el("a", { href: "#/failures/" + code[1] }, words) : el("em", {}, words);
}
