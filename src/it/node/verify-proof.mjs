// node verify-proof.mjs JWKS PROOF: prints what the proof says, or fails.
import {readFileSync} from 'node:fs';
import {createLocalJWKSet, jwtVerify} from 'jose';

const [jwks, proof] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8').trim());
const {payload} = await jwtVerify(proof, createLocalJWKSet(JSON.parse(jwks)), {
  algorithms: ['EdDSA'],
  typ: 'deletion-proof+jwt',
});
console.log(JSON.stringify(payload));
