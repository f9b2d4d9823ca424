"use strict";

/* Draws what the page carries as data. Every text from the data becomes a text node,
   never markup, so that a name like "<img …>" is shown as it is written. */
const huegis = (() => {
  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  let words = {};

  /* Which cameras and frames the numbers are made of, asked for only when somebody wants to know. */
  const origin = (query) => {
    const box = element("div", undefined, "origin");
    const button = element("button", words.origin);
    button.type = "button";
    button.onclick = async () => {
      button.disabled = true;
      const list = element("ul");
      list.setAttribute("aria-live", "polite");
      box.append(list);
      try {
        const answer = await fetch(`origin?${query}`);
        if (!answer.ok) throw new Error(answer.statusText);
        const { cameras } = await answer.json();
        for (const one of cameras) {
          const said = words.originCamera
            .replace("{camera}", [one.camera_code, one.camera_name].filter(Boolean).join(", "))
            .replace("{detections}", one.detections)
            .replace("{frames}", one.frames)
            .replace("{hours}", one.hours);
          list.append(element("li", said));
        }
        if (!cameras.length) list.append(element("li", words.originNone));
      } catch {
        list.append(element("li", words.originFailed));
      }
      list.scrollIntoView({ block: "nearest" });
    };
    box.append(button);
    return box;
  };

  const popup = (said, labels) => {
    const box = element("div", undefined, "popup");
    box.append(element("h2", said.t));
    if (said.m) box.append(element("p", "DỮ LIỆU MÔ PHỎNG / SIMULATED DATA", "simulated"));
    const list = element("dl");
    for (const [label, value] of said.r) list.append(element("dt", labels[label]), element("dd", value));
    box.append(list);
    if (said.o && location.protocol.startsWith("http")) box.append(origin(said.o));
    return box;
  };

  /* A square that behaves as Leaflet's circle does. */
  const Square = L.CircleMarker.extend({
    _updatePath() {
      const { x, y } = this._point;
      const half = this._radius;
      this._renderer._setPath(this, `M${x - half} ${y - half}h${2 * half}v${2 * half}h${-2 * half}z`);
    },
  });

  const point = (at, style, settings) => {
    const Shape = style.square ? Square : L.CircleMarker;
    return new Shape(at, { pane: settings.pane, interactive: settings.interactive });
  };

  /* A picture that paints only what is in view. As one element of the zoomed size it would be
     tens of thousands of pixels wide, which browsers refuse to hold. */
  const Picture = L.Renderer.extend({
    initialize(uri, bounds, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._area = L.latLngBounds(bounds);
      this._image = new Image();
      this._image.onload = () => this._map && this._paint();
      this._image.src = uri;
    },
    _initContainer() {
      this._container = element("canvas", undefined, "picture");
      this._container.style.opacity = this.options.opacity;
    },
    _destroyContainer() {
      this._container.remove();
      delete this._container;
    },
    _updatePaths() {},
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const sharp = L.Browser.retina ? 2 : 1;
      Object.assign(this._container, { width: sharp * size.x, height: sharp * size.y });
      Object.assign(this._container.style, { width: `${size.x}px`, height: `${size.y}px` });
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._paint();
    },
    _paint() {
      if (!this._image.complete) return;
      const sharp = L.Browser.retina ? 2 : 1;
      const corner = (at) => this._map.latLngToLayerPoint(at).subtract(this._bounds.min).multiplyBy(sharp);
      const from = corner(this._area.getNorthWest());
      const size = corner(this._area.getSouthEast()).subtract(from);
      const paper = this._container.getContext("2d");
      paper.clearRect(0, 0, this._container.width, this._container.height);
      // Enlarged, the cells of a surface keep their edges: colours between two classes mean nothing.
      paper.imageSmoothingEnabled = this.options.smooth || size.x < this._image.width;
      paper.drawImage(this._image, from.x, from.y, size.x, size.y);
    },
  });

  const picture = (uri, bounds, options) => new Picture(uri, bounds, options);

  const features = (data, settings) =>
    L.geoJSON(data.features, {
      pane: settings.pane,
      interactive: settings.interactive,
      style: (feature) => data.styles[feature.properties.s],
      pointToLayer: (feature, at) => point(at, data.styles[feature.properties.s], settings),
      onEachFeature: (feature, layer) => {
        const said = feature.properties;
        if (said.t === undefined) return;
        layer.bindPopup(() => popup(said, data.labels), {
          minWidth: 200,
          maxWidth: Math.min(300, innerWidth - 120),
          maxHeight: 250,
          autoPanPaddingTopLeft: [54, 8], // clear of the zoom buttons
        });
        if (said.l) {
          layer.bindTooltip(element("span", said.l), {
            permanent: true, direction: "top", offset: [0, -8], className: "label",
          });
        }
      },
    });

  /* Names for the controls in the page's language, and a way to reach features by keyboard. */
  const finish = (map, said) => {
    words = said;
    map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
    L.control.scale({ imperial: false }).addTo(map);
    const box = map.getContainer();
    box.setAttribute("aria-label", words.map);
    const name = (selector, text) => {
      const control = box.querySelector(selector);
      if (!control) return;
      control.title = text;
      control.setAttribute("aria-label", text);
    };
    name(".leaflet-control-zoom-in", words.zoomIn);
    name(".leaflet-control-zoom-out", words.zoomOut);
    name(".leaflet-control-layers-toggle", words.layers);
    map.on("popupopen", () => name(".leaflet-popup-close-button", words.close));
    const here = document.querySelector("nav.maps [aria-current]");
    if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft;
    const declutter = () => spread([...box.querySelectorAll(".leaflet-tooltip.label")]);
    map.on("zoomend moveend layeradd", declutter);
    declutter();
  };

  /* Of labels that would lie upon one another, only the one that was drawn last stays. */
  const spread = (labels) => {
    const kept = [];
    for (const label of labels.reverse()) {
      label.style.visibility = "visible";
      const box = label.getBoundingClientRect();
      const covered = kept.some(
        (other) =>
          box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom,
      );
      if (covered) label.style.visibility = "hidden";
      else kept.push(box);
    }
  };

  return { features, finish, picture };
})();
