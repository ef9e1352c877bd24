// Built against what openapi-typescript makes of the contract; a wrong field does not compile.
// node record.js URL TOKEN: records "retained" for the oldest delivery that waits for an answer.
import createClient from 'openapi-fetch';
import type {components, paths} from './relay.js';

declare const process: {argv: string[]};

const [baseUrl, token] = process.argv.slice(2);
const relay = createClient<paths>({baseUrl, headers: {Authorization: `Bearer ${token}`}});

const kept: components['schemas']['Retained'][] = [
  {category: 'invoices', ground: 'legal_obligation', until: '2032-12-31'},
];

const list = await relay.GET('/admin/v1/deliveries', {params: {query: {state: 'parked'}}});
const delivery = list.data?.deliveries[0];
if (!delivery) {
  throw new Error('No delivery waits: ' + JSON.stringify(list.error));
}
const recorded = await relay.POST('/admin/v1/deliveries/{delivery_id}/record', {
  params: {path: {delivery_id: delivery.id}},
  body: {by: 'Dana', why: 'a letter', outcome: 'retained', retained: kept},
});
if (!recorded.response.ok) {
  throw new Error('Not recorded: ' + JSON.stringify(recorded.error));
}
console.log(`${delivery.id} ${recorded.response.status}`);
