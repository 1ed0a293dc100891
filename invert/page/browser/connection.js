// A lost connection, in place of Streamlit's dialog over everything (see page.css): Streamlit
// mends it by itself, and meanwhile one can go on drawing. What was done meanwhile it may forget
// to tell the server (its sendRerunBackMsg), so the unseen button has the page run again.
whenThere(".stApp", (app) => {
  let connected = false;
  const connection = document.createElement("p");
  connection.className = "connection";
  connection.setAttribute("role", "status");
  app.append(connection);
  new MutationObserver(() => {
    const state = app.dataset.testConnectionState;
    const lost = connected && ["PINGING_SERVER", "CONNECTING"].includes(state);
    const was = document.body.classList.contains("lost");
    connected ||= state === "CONNECTED";
    document.body.classList.toggle("lost", lost);
    if (was && state === "CONNECTED") document.querySelector(".st-key-again button")?.click();
    connection.textContent = lost
      ? "The connection is lost. The page tries again by itself; nothing on it is lost." : "";
  }).observe(app, { attributeFilter: ["data-test-connection-state"] });
});
