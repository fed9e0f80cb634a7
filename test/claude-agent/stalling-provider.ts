import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A provider that takes calls, and begins an answer that it never ends. */
export async function stallingProvider() {
  let onCall = () => {}
  const called = new Promise<void>((resolve) => {
    onCall = resolve
  })
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const send = (type: string, rest: object) =>
        response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`)
      const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [] }
      const model = 'claude-sonnet-4-5'
      send('message_start', {
        message: { ...message, model, usage: { input_tokens: 1_000, output_tokens: 1 } },
      })
      send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
      send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Well' } })
      onCall()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    called,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
