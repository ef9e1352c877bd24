// A client system in Node.js 18 or newer, with nothing but its standard library.
//   PORT=9000 WEBHOOK_SECRET=whsec_… node receiver.mjs
// With ANSWER=receipt it answers 202, and sends a receipt when it is done.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const secret = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')
const MAX_BODY = 64 * 1024 // Far more than a delivery has, and nobody has been verified yet.
let people = JSON.parse(process.env.PEOPLE ?? '[]') // In earnest your database: [{"email": "dana@example.com"}]
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

// What you write yourself: delete, and say what you did. undefined: you do not know how to do that.
function answerTo({ type, data }) {
  if (!['deletion.requested', 'person.requested'].includes(type)) return {} // A notice: any 2xx will do.
  if (data.test) return { outcome: 'nothing_found' } // Nobody's id.
  if (type === 'person.requested') {
    return data.right === 'erasure' ? answerToPerson(data.subject.identifiers) : undefined
  }
  return { outcome: 'deleted' }
}

// Verified identifiers select, unverified ones only narrow.
function answerToPerson(identifiers) {
  const verified = identifiers.filter((each) => isText(each.verified))
  const others = identifiers.filter((each) => each.verified == null)
  const found = new Set()
  for (const each of verified) {
    let some = people.filter((one) => isOf(one, each))
    for (const more of [verified.filter((other) => other !== each), others]) {
      const chosen = some.filter((one) => more.some((other) => isOf(one, other)))
      if (some.length > 1 && chosen.length === 1) some = chosen
    }
    // Several, or one who is called otherwise: somebody shares this with the person.
    if (some.length > 1 || some.some((one) => others.some((other) => isOther(one, other)))) {
      return { outcome: 'refused', ground: 'identity_not_established' }
    }
    for (const one of some) found.add(one)
  }
  people = people.filter((one) => !found.has(one))
  return { outcome: found.size > 0 ? 'deleted' : 'nothing_found' }
}

// Whether the record has this identifier.
const isOf = (one, { type, value }) =>
  Object.hasOwn(one, type) && isText(one[type]) && isText(value) && spelt(type, one[type]) === spelt(type, value)

// Whether the record has another identifier of this type.
const isOther = (one, other) => Object.hasOwn(one, other.type) && isText(one[other.type]) && !isOf(one, other)

// Of addresses and user names, capitals of ASCII are the same; other letters are not.
const spelt = (type, text) => (type === 'email' || type.endsWith('_username') ? small(text) : text)

const isText = (value) => typeof value === 'string' && value !== ''

const small = (text) => text.replace(/[A-Z]/g, (sign) => sign.toLowerCase())

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
  const answered = isNew ? answerTo(message) : answers.get(id)
  if (!answered) {
    response.writeHead(422).end('This right is not known here')
    return
  }
  answers.set(id, answered)
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
