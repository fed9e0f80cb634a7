import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, finished, type Service, startService } from '../support/service.ts'

interface Body {
  model: string
  messages: { role: string; content: unknown }[]
}

let service: Service
let close: () => void
/** Prompts that request a resolution. */
const asked: string[] = []
let resolution = ''

/** Each task writes `shared.txt` and its own files; requests for a resolution get `resolution`. */
function write(body: Body, response: ServerResponse): void {
  const said = JSON.stringify(body.messages)
  const task = /EDIT-(\w+)-END/.exec(said)?.[1]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const choice = (delta: object, finish: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 0, model: body.model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    )
  if (said.includes('Merge conflict in')) {
    asked.push(said)
    choice({ content: resolution })
    choice({}, 'stop')
  } else if (task !== undefined && !body.messages.some(({ role }) => role === 'tool')) {
    const calls = [
      ['shared.txt', `by ${task}\nend\n`],
      [`${task}.txt`, `${task}\n`],
    ]
    choice({
      tool_calls: calls.map(([path, content], index) => ({
        index,
        id: `c${index}`,
        type: 'function',
        function: { name: 'write', arguments: JSON.stringify({ path, content }) },
      })),
    })
    choice({}, 'tool_calls')
  } else {
    choice({ content: 'Done.' })
    choice({}, 'stop')
  }
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }
  response.end(
    `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 0, model: body.model, choices: [], usage })}\n\ndata: [DONE]\n\n`,
  )
}

beforeAll(async () => {
  const server = createServer((request, response) => {
    void text(request).then((raw) => write(JSON.parse(raw) as Body, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const { port } = server.address() as AddressInfo
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: 'test-proposals',
    env: { TUTTI_MODEL: 'local:m', LOCAL_BASE_URL: `http://127.0.0.1:${port}/v1` },
  })
})
afterAll(async () => {
  await service.stop()
  close()
})

interface Synthesis {
  summary: string
  executor: string
  usage: { steps: number }
  notes: string[]
  edits: {
    merged: string[]
    conflicts: Record<string, unknown>[]
    patch: string
  }
}

async function conflicting(synthesis: object = {}) {
  asked.length = 0
  const task = (id: string) => ({
    id,
    description: `Writes as ${id}`,
    task: `EDIT-${id}-END`,
    files: { read: ['**'], write: ['**'] },
  })
  const submitted = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
    title: 'Two write one file',
    workspace: { files: { 'shared.txt': 'start\nend\n' } },
    policy: { onOverlap: 'isolate' },
    tasks: [task('one'), task('two')],
    synthesis,
  })
  expect(submitted.status).toBe(202)
  const { id } = submitted.body
  await finished(service, id)
  return (await call<Synthesis>(`${service.url}/v1/plans/${id}/synthesis?wait=20`)).body
}

test('the model proposes contents for a file in conflict, which are not in the patch', async () => {
  resolution = '```\nby one and two\nend\n```'
  const { edits, notes, usage } = await conflicting()
  expect(edits.merged).toEqual(['one'])
  expect(edits.conflicts).toEqual([
    {
      path: 'shared.txt',
      tasks: ['one', 'two'],
      base: 'start\nend\n',
      ours: 'by one\nend\n',
      theirs: 'by two\nend\n',
      proposal: 'by one and two\nend\n',
      proposedBy: 'local:m',
    },
  ])
  expect(edits.patch).not.toContain('one and two')
  expect(asked).toHaveLength(1)
  expect(asked[0]).toContain('two (Writes as two)')
  expect(notes.join()).not.toContain('no proposal')
  // Three tries at the synthesis, and the proposal.
  expect(usage.steps).toBe(4)
})

test('an answer that is not a file is not a proposal, and a note says so', async () => {
  resolution = 'I would rather not.'
  const { edits, notes } = await conflicting()
  expect(edits.conflicts).toHaveLength(1)
  expect(edits.conflicts[0]).not.toHaveProperty('proposal')
  expect(notes).toContain('The model made no proposal for 1 file in conflict.')
})

test('nobody is asked where the synthesis is to be the merge', async () => {
  const { edits, executor } = await conflicting({ executor: 'merge' })
  expect(executor).toBe('merge')
  expect(edits.conflicts).toHaveLength(1)
  expect(asked).toHaveLength(0)
})

test('a plan whose patch lacks the edits of a task is partial, and says which where it is read', async () => {
  const message =
    'The edits of two are not in the patch: they conflict with those of one in shared.txt.'
  const synthesis = await conflicting({ executor: 'merge' })
  const { body } = await call<{ items: object[] }>(`${service.url}/v1/plans?limit=1`)
  expect(body.items[0]).toMatchObject({
    status: 'partial',
    counts: { succeeded: 2, total: 2 },
    reason: { code: 'merge-conflict', message },
  })
  expect(synthesis.summary).toContain(message)
})
