// Single-key shortcuts. People who dictate, or press keys by accident, can turn them off; a cookie remembers it.
"use strict";

const KEYS_OFF = "keys=off";
const keysOn = () => !document.cookie.split("; ").includes(KEYS_OFF);

addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("[data-single-keys]")) {
    box.checked = keysOn();
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.addEventListener("change", () => {
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = `${KEYS_OFF}; path=/; samesite=lax; max-age=${box.checked ? 0 : 31536000}${secure}`;
    });
  }
});
