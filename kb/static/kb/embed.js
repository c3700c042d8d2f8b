// Tells the page around the frame how high the card is, so that the frame needs no scroll bar.
"use strict";

const allowed = document.currentScript.dataset.origins.split(" ").filter(Boolean);
const card = document.querySelector("main");

// Only the sites in KB_EMBED_ORIGINS may frame this page. Browsers that do not say which of them it is get one message
// for each: a browser delivers none to another origin.
function hosts() {
  const around = window.location.ancestorOrigins ? [...window.location.ancestorOrigins].slice(0, 1) : allowed;
  return around.filter((origin) => allowed.includes(origin));
}

function tell() {
  const height = Math.ceil(card.getBoundingClientRect().bottom + window.scrollY);
  hosts().forEach((origin) => window.parent.postMessage({ type: "codebook:height", height }, origin));
}

// Where a viewport is higher than the card, the card would fill it and never become smaller again.
card.style.flex = "none";
if (window.parent !== window) new ResizeObserver(tell).observe(card);
