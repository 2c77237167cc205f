// One run of the service, as it goes: the drawing of the report, fed by the run's event stream.

// How long to wait before a stream that broke off is taken up again.
const RECONNECT_MS = 1000;

function runPage(id) {
  const path = "v1/runs/" + encodeURIComponent(id);
  const stop = new AbortController();
  const [away, notice, actions] = [el("div", {}), el("div", {}), el("div", { class: "tools" })];
  const reading = el("p", {}, "Reading the journal…");
  const place = el("div", {}, el("h1", { tabindex: "-1" }, "Run ", el("code", {}, id)), actions, reading);
  const model = new Model();
  const documents = (at) => service.get(path + "/document" + (at ? "?place=" + encodeURIComponent(at) : "")).catch((error) => { if (error.status === 404) return null; throw error; });
  const run = { name: id, model, documents, page: async (code) => cataloguePage(await service.get("v1/failures/" + code), catalogueLink), certificate: null };
  let [page, problem] = [null, null];
  const draw = eachFrame(() => {
    if (stop.signal.aborted) return;
    if (!page) {
      const focused = place.contains(document.activeElement);
      page = new RunPage(run, actions);
      fill(place, page.node);
      if (focused) page.title.focus();
    }
    page.update();
  });
  const take = (event, data) => {
    // It was away, and is back, but may have no news of the run.
    if (event === "open" && away.firstChild) look();
    if (event === "problem") problem = JSON.parse(data);
    if (event !== "view") return;
    problem = null;
    model.apply(JSON.parse(data));
    draw();
  };
  // Says why there is no more of it. Gives whether that may pass.
  const lost = (error) => {
    if (error.name === "AbortError") return false;
    fill(mayPass(error) ? away : notice, problemView(error), mayPass(error) ? el("p", {}, "What stands here is as it was last heard of. The service is asked again every second.") : null);
    reading.hidden = !mayPass(error);
    return mayPass(error);
  };
  const look = async () => {
    const now = await service.get(path).catch(lost);
    if (typeof now === "boolean") return now;
    fill(away);
    reading.hidden = problem !== null;
    run.goesOn = ["running", "resuming"].includes(now.state);
    if (page) draw();
    refill(actions, runActions({ path, now, problem: now.problem || problem, notice, look, follow }));
    return now;
  };
  const follow = async () => {
    for (let again = true; again;) {
      const whole = await service.follow(path + "/view/events", model.seq, stop.signal, take).then(() => "whole", lost);
      const now = whole && !stop.signal.aborted ? await look() : false;
      // A stream that broke off may have more to tell of a run that is over.
      again = now !== false && whole && !(whole === "whole" && now && ["ended", "stuck"].includes(now.state));
      if (again) await new Promise((done) => { setTimeout(done, RECONNECT_MS); });
      again = again && !stop.signal.aborted;
    }
    if (page && model.isOver() && !stop.signal.aborted) announce("The run has ended: " + model.head.outcome.code);
  };
  look();
  follow();
  return { node: el("div", {}, away, notice, place), title: "Run " + id, leave: () => { stop.abort(); if (page) page.leave(); } };
}

// What can be done with a run.
function runActions({ path, now, problem, notice, look, follow }) {
  const done = (words) => fill(notice, el("div", { class: "notice", role: "status" }, words));
  const act = (name, words, after) => button(name, async () => {
    done("Asked. Waiting for the answer…");
    const found = await tried(notice, () => service.post(path + "/" + name.toLowerCase()));
    if (found) done(words(found));
    await look();
    if (found && after) after();
  }, { class: name === "Cancel" ? "danger" : null });
  const over = now.state === "ended";
  return [
    over || now.state === "running" ? null : chip(STATES[now.state] || STATES.running),
    ["running", "resuming"].includes(now.state) ? act("Cancel", () => "It was asked to stop, and ends with what it has.") : null,
    now.state === "stuck" || (over && ["JOURNAL_IO", "DISK_FULL"].includes(now.code)) ? act("Resume", () => "It goes on.", follow) : null,
    over ? act("Replay", (found) => replayWords(found)) : null,
    button("Download the journal", () => tried(notice, () => service.download(path + "/journal", now.id + ".jsonl"))),
    over ? button("Download this report", () => tried(notice, () => service.download(path + "/report", now.id + ".html"))) : null,
    problem ? problemView(new Problem(0, problem)) : null,
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
