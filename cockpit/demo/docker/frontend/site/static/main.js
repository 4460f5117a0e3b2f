"use strict";

const price = document.getElementById("price");

function follow() {
  const feed = new WebSocket(`wss://${location.host}/ws`);
  feed.onmessage = (event) => {
    const seen = JSON.parse(event.data);
    if (seen.symbol === "BTCUSDT") price.textContent = seen.price.toFixed(2);
  };
  feed.onclose = () => setTimeout(follow, 2000);
}

document.getElementById("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/api/auth/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(event.target))),
  });
  const body = await answer.json();
  event.target.replaceWith(answer.ok ? "You are logged in." : body.error);
});

fetch("/version").then((answer) => answer.json()).then((body) => {
  document.getElementById("version").textContent = `Version ${body.version}`;
});

follow();
