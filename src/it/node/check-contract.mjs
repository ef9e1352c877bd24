// node check-contract.mjs OPENAPI: prints each finding of the recommended rules, one line each.
import {createConfig, lint} from '@redocly/openapi-core';

const [contract] = process.argv.slice(2);
const config = await createConfig({extends: ['recommended']});
for (const found of await lint({ref: contract, config})) {
  console.log(`${found.severity} ${found.ruleId} ${found.location[0]?.pointer}: ${found.message}`);
}
