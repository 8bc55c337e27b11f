// Greets people and counts how often: an application under test that is not written in Python.
// Node alone, no package; its counts are in Redis. Run it: REDIS_URL=redis://… node server.js PORT
"use strict";

const http = require("node:http");
const net = require("node:net");

const port = Number(process.argv[2]);
const store = new URL(process.env.REDIS_URL);

// One command, in Redis's own protocol, on a connection of its own.
function redis(...words) {
  const commands = [words];
  const database = store.pathname.slice(1);
  if (database) commands.unshift(["SELECT", database]);
  if (store.password) commands.unshift(["AUTH", store.username || "default", store.password]);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(store.port || 6379), store.hostname);
    let received = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      received += data;
      const lines = received.split("\r\n");
      const replies = lines.filter((line) => /^[+:$-]/.test(line));
      const refusal = replies.find((line) => line.startsWith("-"));
      if (refusal) reject(new Error(refusal));
      else if (replies.length < commands.length) return;
      else if (!replies.at(-1).startsWith("$") || replies.at(-1) === "$-1") resolve(replies.at(-1));
      else if (lines.length > lines.indexOf(replies.at(-1)) + 2) resolve(lines.at(-2));
      else return;
      socket.end();
    });
    for (const command of commands) {
      const parts = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${command.length}\r\n${parts.join("")}`);
    }
  });
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks));
}

async function answer(request) {
  const [, root, name] = new URL(request.url, "http://greeter").pathname.split("/").map(decodeURIComponent);
  if (root === "health") {
    await redis("PING");
    return [200, { status: "up" }];
  }
  if (root === "greetings" && request.method === "POST") {
    const { name: whom } = await body(request);
    if (!whom) return [422, { error: "who is to be greeted?" }];
    const times = Number((await redis("INCR", `greeted:${whom}`)).slice(1));
    return [201, { greeting: `Hello, ${whom}`, times }];
  }
  if (root === "greetings" && request.method === "GET") {
    const times = await redis("GET", `greeted:${name}`);
    return times === "$-1" ? [404, { error: `${name} was never greeted` }] : [200, { times: Number(times) }];
  }
  return [404, { error: "there is nothing here" }];
}

const server = http.createServer(async (request, response) => {
  let status, value;
  try {
    [status, value] = await answer(request);
  } catch (error) {
    [status, value] = [503, { error: error.message }];
  }
  console.log(`${request.method} ${request.url} ${status}`);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
});

process.on("SIGTERM", () => {
  console.log("told to stop");
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
server.listen(port, "127.0.0.1", () => console.log(`listening on port ${port}`));
