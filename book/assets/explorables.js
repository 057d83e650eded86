// Put the live chart in the place of its drawing, and its numbers, when they change, into words.
for (const box of document.querySelectorAll(".explorable")) {
  const [picture, sliders, says] = ["picture", "sliders", "says"].map((part) => box.querySelector(`.explorable-${part}`));
  const options = { renderer: "svg", actions: false, bind: sliders };
  vegaEmbed(picture, JSON.parse(box.querySelector("script").textContent), options).then(({ view }) => {
    const tell = () => { says.textContent = view.signal("says"); };
    view.addSignalListener("says", tell);
    tell();
  });
}
