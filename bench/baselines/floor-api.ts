import { randomUUID } from 'node:crypto'
import { ENDED, openFloorQueue, QUEUE } from './floor-queue.ts'
import { awaited, serveFront } from './front.ts'

const redis = openFloorQueue()
const listener = redis.duplicate()
const results = awaited()
await listener.subscribe(ENDED)
listener.on('message', (_channel: string, id: string) => {
  results.came(
    id,
    redis.get(`${id}:result`).then((text) => text ?? ''),
  )
})
/** Arguments per call; more would overflow the stack. */
const MOST_ARGUMENTS = 50_000

await serveFront({
  async submit({ texts, delayMs }) {
    const id = `floor:${randomUUID()}`
    if (texts.length > MOST_ARGUMENTS) throw new Error('more tasks than the floor is made for')
    await redis.submit(QUEUE, id, ...texts.map((text) => JSON.stringify({ text, delayMs })))
    return id
  },
  result: (id) => results.of(id),
})
