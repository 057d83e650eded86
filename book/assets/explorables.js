// Put the live chart in the place of its drawing, and its numbers, when they change, into words.
// The libraries come when the reader is a screen away.
const libraries = document.createElement("script");
libraries.src = new URL("explorables-vega.js", document.currentScript.src);
const loaded = new Promise((done) => libraries.addEventListener("load", done));

const enliven = async (box) => {
  document.head.append(libraries);
  await loaded;
  const [picture, sliders, says] = ["picture", "sliders", "says"].map((part) => box.querySelector(`.explorable-${part}`));
  const options = { renderer: "svg", actions: false, bind: sliders };
  const { view } = await vegaEmbed(picture, JSON.parse(box.querySelector("script").textContent), options);
  const tell = () => { says.textContent = view.signal("says"); };
  view.addSignalListener("says", tell);
  tell();
};

const near = new IntersectionObserver((entries) => {
  for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
    near.unobserve(target);
    enliven(target);
  }
}, { rootMargin: "100%" });
for (const box of document.querySelectorAll(".explorable")) near.observe(box);
