// Holds the document on standard input against AsyncAPI with its own reference parser; prints what it says.
const { Parser } = require("@asyncapi/parser");
let text = "";
process.stdin.on("data", (chunk) => (text += chunk)).on("end", async () => {
  const found = await new Parser().validate(text);
  console.log(JSON.stringify(found.map(({ severity, code, path, message }) => ({ severity, code, path, message }))));
});
