// A client system in Node.js 18 or newer, with nothing but its standard library.
//   PORT=9000 WEBHOOK_SECRET=whsec_… node receiver.mjs
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const secret = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')
const answers = new Map() // In earnest a table: the same id must get the same answer after a restart.

const hmac = (id, timestamp, body) =>
  createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()

function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
  if (!id || !signature || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300 || !/^\d+$/.test(timestamp)) {
    return false
  }
  const expected = hmac(id, timestamp, body)
  return signature.split(' ').some((entry) => {
    const given = Buffer.from(entry.replace(/^v1,/, ''), 'base64')
    return entry.startsWith('v1,') && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

// What you write yourself: delete, and say what you did.
function answerTo(message) {
  if (message.type !== 'deletion.requested') return {} // A notice: any 2xx will do.
  if (message.data.test) return { outcome: 'nothing_found' } // Nobody's id.
  return { outcome: 'deleted' }
}

createServer(async (request, response) => {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  const body = Buffer.concat(pieces) // The bytes as they came: a body that is written anew has another signature.
  if (!isGenuine(request.headers, body)) {
    response.writeHead(401).end()
    return
  }
  const id = request.headers['webhook-id']
  if (!answers.has(id)) answers.set(id, answerTo(JSON.parse(body)))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.get(id)))
}).listen(Number(process.env.PORT ?? 9000), '127.0.0.1')
