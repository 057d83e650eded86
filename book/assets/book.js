// What is wider than the page scrolls by itself, within the keyboard's reach; the rest needs none.
const reach = (boxes) => {
  const wide = boxes.map((box) => box.scrollWidth > box.clientWidth); // read all, then write
  boxes.forEach((box, i) => {
    if (wide[i]) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
};
const boxes = [...document.querySelectorAll("pre, .output, .picture, .display, .pst-scrollable-table-container")];
const sizes = new ResizeObserver((entries) => reach(entries.map((entry) => entry.target)));
for (const box of boxes) sizes.observe(box);

// Who scrolls up may want to go to the top.
const upward = document.getElementById("pst-back-to-top");
let before = scrollY;
upward.addEventListener("click", () => scrollTo(0, 0));
addEventListener("scroll", () => {
  upward.style.display = scrollY < before && scrollY > innerHeight ? "block" : "none";
  before = scrollY;
}, { passive: true });

// Explorables: nll/explorables.py writes the formulas, and the shapes in the order of their numbers.
const VOCABULARY = `const {abs, exp, expm1, floor, log, log1p, log2, log10, max, min, pow, sqrt, fround: float32, PI: pi} = Math;
  const float64 = (value) => value, single = new Float32Array(1), bits = new Uint32Array(single.buffer);
  const bfloat16 = (value) => { single[0] = value; bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000; return single[0]; };
  const show = (value, format) => {
    if (format.endsWith("e") && value === 0) return "0";
    const digits = parseInt(format.slice(1)), text = format.endsWith("e") ? value.toExponential(digits) : value.toFixed(digits);
    return text.replace(/^-(?=0\\.?0*$)/, "").replace("-", "−").replace("e-", "e−").replace("Infinity", "∞"); };`;

const enliven = (box) => {
  const sliders = [...box.querySelectorAll("input")];
  const compute = new Function(...sliders.map((slider) => slider.name), VOCABULARY + box.dataset.formulas);
  const plot = box.querySelector(".plot"), shapes = [...plot.children, ...plot.parentElement.querySelectorAll(":scope > circle")];
  const [left, right, bottom, top] = plot.dataset.ends.split(" ").map(Number);
  const width = plot.width.baseVal.value, height = plot.height.baseVal.value;
  const X = (x) => (width * (x - left)) / (right - left);
  const Y = (y) => Math.min(Math.max((height * (top - y)) / (top - bottom), -height), 2 * height);
  const attributes = {
    path: (f) => {
      const xs = Array.from({ length: 201 }, (_, i) => left + ((right - left) * i) / 200);
      const points = xs.map((x) => [x, f(x)]).filter(([, y]) => Number.isFinite(y));
      return { d: "M" + points.map(([x, y]) => [X(x).toFixed(1), Y(y).toFixed(1)]).join("L") };
    },
    circle: ([x, y]) => ({ cx: X(x), cy: Y(y) }),
    line: ([x]) => ({ x1: X(x), x2: X(x) }),
    rect: ([from, to, low, high]) =>
      ({ x: X(from), y: Y(Math.max(low, high)), width: X(to) - X(from), height: Math.abs(Y(high) - Y(low)) }),
  };
  const update = () => {
    const { says, marks } = compute(...sliders.map((slider) => slider.valueAsNumber));
    box.querySelector(".explorable-says").textContent = says;
    for (const slider of sliders) slider.parentElement.querySelector("span").textContent = slider.value.replace("-", "−");
    shapes.forEach((shape, i) => {
      for (const [name, value] of Object.entries(attributes[shape.tagName](marks[i]))) shape.setAttribute(name, value);
    });
  };
  box.addEventListener("input", update);
  box.addEventListener("reset", () => setTimeout(update)); // when the sliders are back
};
for (const box of document.querySelectorAll(".explorable")) enliven(box);

// Predictions: open the answer, and mark what the reader's guess reveals.
for (const form of document.querySelectorAll(".guess")) form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { answer, tolerance, values } = form.dataset, [typed] = new FormData(form).values();
  const guess = Number(typed.replace("−", "-").replace(/[,\s]/g, "")), near = (n) => Math.abs(n - guess) <= tolerance;
  const numbers = values && JSON.parse(values), stated = numbers?.findIndex((n) => n !== null && near(n));
  const place = !numbers ? guess - 1 : stated < 0 ? numbers.indexOf(null) : stated;
  const right = numbers ? near(Number(answer)) : typed === answer, details = form.nextElementSibling;
  details.open = true;
  details.querySelectorAll(":scope > dl > dt").forEach((term, i) => term.classList.toggle("guessed", i === place));
  form.querySelector("[role=status]").textContent = right ? "Right." : "That is not it; see below what it reveals.";
});

// Buttons that all say Copy, with a picture each: say which code, and leave the picture to the eye.
addEventListener("load", () => document.querySelectorAll(".copybtn").forEach((button, i) => {
  button.ariaLabel = `Copy code ${i + 1}`;
  button.firstElementChild?.setAttribute("aria-hidden", "true");
}));

// Terms: the definition at the foot of the page comes to the word, on hover, focus and tap.
let leaving;
addEventListener("keydown", ({ key }) => { if (key === "Escape") document.querySelector(".definition:popover-open")?.hidePopover(); });
for (const link of document.querySelectorAll("a.term")) {
  const box = document.getElementById(`the-${link.hash.slice(1)}`);
  if (!box) continue;
  box.popover = "auto";
  const words = box.cloneNode(true);
  words.querySelector(".to-glossary")?.remove();
  link.setAttribute("aria-description", words.textContent.replace(/\s+/g, " ").trim());
  if (!box.querySelector(".to-glossary")) box.insertAdjacentHTML("beforeend", `<p class="to-glossary"><a href="${link.href}">Glossary</a></p>`);
  const show = () => {
    clearTimeout(leaving);
    if (box.matches(":popover-open")) return;
    const { left, top, bottom } = link.getBoundingClientRect();
    box.showPopover();
    box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${bottom + box.offsetHeight > innerHeight ? Math.max(8, top - box.offsetHeight) : bottom}px`;
  };
  const hide = () => { leaving = setTimeout(() => box.hidePopover(), 200); };
  for (const element of [link, box]) {
    element.addEventListener("pointerenter", ({ pointerType }) => { if (pointerType === "mouse") show(); });
    element.addEventListener("pointerleave", ({ pointerType }) => { if (pointerType === "mouse") hide(); });
  }
  link.addEventListener("focus", show);
  link.addEventListener("blur", () => { if (!box.contains(document.activeElement)) hide(); });
  link.addEventListener("click", (event) => { event.preventDefault(); show(); });
}

// Place: what was read, and where; kept in this browser alone until the button forgets it.
const sidebar = document.querySelector(".bd-sidebar-primary .bd-links"), chapter = location.pathname.split("/").pop();
const place = JSON.parse(localStorage.getItem("place") ?? '{"read": []}');
const keep = () => localStorage.setItem("place", JSON.stringify(place));
const show = () => {
  sidebar.querySelectorAll(".place, .read").forEach((e) => e.remove());
  if (!place.title) return;
  for (const link of sidebar.querySelectorAll("a.reference.internal"))
    if (place.read.includes(link.pathname.split("/").pop())) link.insertAdjacentHTML("beforeend", ' <span class="read" role="img" aria-label="read">✓</span>');
  const line = sidebar.appendChild(document.createElement("p"));
  line.className = "place";
  if (place.page !== chapter) line.innerHTML = '<a>Continue at <span></span></a> ';
  line.insertAdjacentHTML("beforeend", '<button type="button">Forget where I was</button>');
  line.querySelector("a")?.setAttribute("href", place.page + place.hash);
  if (line.querySelector("span")) line.querySelector("span").textContent = place.title;
  line.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem("place");
    Object.assign(place, { read: [], title: "" });
    show();
  });
};
if (sidebar) show();
if (sidebar && document.querySelector(".chapter-frame")) {
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
    const words = [...target.firstElementChild.childNodes].filter((node) => node.className !== "headerlink");
    Object.assign(place, { page: chapter, hash: `#${target.id}`, title: words.map((node) => node.textContent).join("") });
    keep();
  }), { rootMargin: "-30% 0px -60% 0px" });
  for (const section of document.querySelectorAll(".bd-article > section > section:has(> h2)")) seen.observe(section);
  const end = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting || place.read.includes(chapter)) return;
    place.read.push(chapter);
    keep();
  });
  end.observe(document.querySelector(".take-along"));
}
