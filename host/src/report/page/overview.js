// All of the run in a strip: what the timeline below shows of it is framed, and can be chosen with the mouse. Whoever
// does not see it misses nothing that the timeline does not say.

const STRIP_HEIGHT = 54;

class Overview {
  constructor(model, span) {
    Object.assign(this, { model, span });
    this.node = el("canvas", { class: "overview", "aria-hidden": "true", height: STRIP_HEIGHT });
    this.span.watch(eachFrame(() => this.update()));
    this.choose();
  }

  update() {
    const width = this.node.clientWidth;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    this.node.width = width * scale;
    this.node.height = STRIP_HEIGHT * scale;
    const paint = this.node.getContext("2d");
    paint.scale(scale, scale);
    this.drawSteps(paint, width);
    this.drawFrame(paint, width);
  }

  drawSteps(paint, width) {
    const style = getComputedStyle(this.node);
    const colours = Object.fromEntries(["success", "failure", "partial", "skipped", "running"].map((name) => [name, style.getPropertyValue("--" + name)]));
    const lane = Math.max(1, Math.min(6, (STRIP_HEIGHT - 8) / this.model.steps.length));
    const end = this.span.end;
    this.model.steps.forEach((step, place) => {
      const y = 4 + ((place * lane) % (STRIP_HEIGHT - 8));
      for (const attempt of step.attempts) {
        const from = (attempt.begun_us / end) * width;
        const to = (endOf(attempt, this.model.head.took_us) / end) * width;
        paint.fillStyle = colours[attemptLook(attempt).cls] || colours.running;
        paint.fillRect(from, y, Math.max(1, to - from), Math.max(1, lane - 0.5));
      }
    });
  }

  drawFrame(paint, width) {
    if (this.span.from === 0 && this.span.to === this.span.end) return;
    const [from, to] = [(this.span.from / this.span.end) * width, (this.span.to / this.span.end) * width];
    paint.fillStyle = "rgba(127, 127, 127, 0.35)";
    paint.fillRect(0, 0, from, STRIP_HEIGHT);
    paint.fillRect(to, 0, width - to, STRIP_HEIGHT);
    paint.strokeStyle = getComputedStyle(this.node).getPropertyValue("--accent");
    paint.lineWidth = 2;
    paint.strokeRect(from + 1, 1, Math.max(2, to - from - 2), STRIP_HEIGHT - 2);
  }

  choose() {
    let from = null;
    const at = (event) => ((event.clientX - this.node.getBoundingClientRect().left) / this.node.clientWidth) * this.span.end;
    this.node.addEventListener("pointerdown", (event) => {
      from = at(event);
      this.node.setPointerCapture(event.pointerId);
    });
    this.node.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const to = at(event);
      const length = this.span.to - this.span.from;
      if (Math.abs(to - from) > this.span.end / 200) this.span.show(Math.min(from, to), Math.max(from, to));
      else this.span.show(to - length / 2, to + length / 2);
      from = null;
    });
  }
}
