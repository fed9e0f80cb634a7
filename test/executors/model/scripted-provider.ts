import { type Fixture, LLMock } from '@copilotkit/aimock'
import type { Providers } from '../../../src/executors/model/options.ts'

/** One answer of the fake server, with what goes wrong on its way. */
export type Scripted =
  | Fixture['response']
  | (Omit<Fixture, 'match'> & { response: Fixture['response'] })

/** An independent fake of several providers, over real HTTP, that answers by a script. */
export interface ScriptedProvider {
  providers: Providers
  /** The bodies of the calls so far, as the fake understood them. */
  calls(): { path: string; status: number; at: number; body: CallBody }[]
  stop(): Promise<void>
}

export interface CallBody {
  messages: { role: string; content: unknown; tool_calls?: unknown[] }[]
  tools?: { function: { name: string } }[]
  [key: string]: unknown
}

/** Answers the first call with the first entry, and so on; the last entry answers all further calls. */
export async function scriptedProvider(script: Scripted[]): Promise<ScriptedProvider> {
  const mock = new LLMock({ port: 0 })
  let current: unknown
  let count = 0
  // Its own journal leaves out bodies that are large.
  const arrivals: { at: number; body: CallBody }[] = []
  for (const [index, entry] of script.entries()) {
    const isLast = index === script.length - 1
    const fixture = typeof entry === 'object' && 'response' in entry ? entry : { response: entry }
    mock.addFixture({
      ...fixture,
      match: {
        predicate: (request) => {
          if (request !== current) {
            current = request
            count += 1
            arrivals.push({ at: Date.now(), body: request as unknown as CallBody })
          }
          return isLast ? count > index : count === index + 1
        },
      },
    })
  }
  await mock.start()
  return {
    providers: {
      anthropicApiKey: 'sk-ant-secret-1',
      anthropicBaseUrl: mock.url,
      openaiApiKey: 'sk-openai-secret-2',
      openaiBaseUrl: `${mock.url}/v1`,
      localBaseUrl: `${mock.url}/v1`,
    },
    calls: () =>
      mock.getRequests().map(({ path, response }, index) => ({
        path,
        status: response.status,
        at: arrivals[index]?.at ?? 0,
        body: arrivals[index]?.body ?? { messages: [] },
      })),
    stop: () => mock.stop(),
  }
}

/** A tool call as the fake server writes it. */
export function toolCall(name: string, input: object) {
  return { name, arguments: JSON.stringify(input) }
}
