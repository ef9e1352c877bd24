// A client system in Node.js 18 or newer, with nothing but its standard library.
//   PORT=9000 WEBHOOK_SECRET=whsec_… node receiver.mjs
// With ANSWER=receipt it answers 202, and sends a receipt when it is done.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const secret = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')
const MAX_BODY = 64 * 1024 // Far more than a delivery has, and nobody has been verified yet.
const answers = new Map() // In earnest a table: the same id must get the same answer after a restart.

const hmac = (id, timestamp, body) =>
  createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()

function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
  if (!id || !signature || !/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) {
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

// In earnest a job that a restart does not lose.
async function sendReceipt({ delivery_id: id, receipt_url: url }, answer) {
  const body = JSON.stringify(answer)
  for (let seconds = 5; ; seconds = Math.min(2 * seconds, 3600)) {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${hmac(id, timestamp, body).toString('base64')}`
    }
    const signal = AbortSignal.timeout(15_000)
    const reply = await fetch(url, { method: 'POST', headers, body, signal }).catch(() => undefined)
    if (reply?.status === 204) return
    if (reply && reply.status < 500 && ![408, 429].includes(reply.status)) {
      console.error(`The receipt of ${id} is refused: ${reply.status} ${await reply.text()}`)
      return // The same again would be refused again: mend it. The next reminder is answered in the reply.
    }
    await pause(1000 * seconds)
  }
}

async function answer(request, response) {
  const pieces = []
  let length = 0
  for await (const piece of request) {
    pieces.push(piece)
    length += piece.length
    if (length > MAX_BODY) {
      response.writeHead(413, { connection: 'close' }).end()
      return
    }
  }
  const body = Buffer.concat(pieces) // The bytes as they came: a body that is written anew has another signature.
  if (!isGenuine(request.headers, body)) {
    response.writeHead(401).end()
    return
  }
  const message = JSON.parse(body)
  const id = request.headers['webhook-id']
  const isNew = !answers.has(id)
  if (isNew) answers.set(id, answerTo(message))
  if (process.env.ANSWER === 'receipt' && message.data.receipt_url && isNew) {
    response.writeHead(202).end()
    await sendReceipt(message.data, answers.get(id))
  } else {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.get(id)))
  }
}

createServer((request, response) => {
  // Who breaks off amid a request must not end the process.
  answer(request, response).catch((error) => {
    console.error(error)
    response.destroy()
  })
}).listen(Number(process.env.PORT ?? 9000), '127.0.0.1')
