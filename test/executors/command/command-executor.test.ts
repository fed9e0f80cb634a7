import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { commandExecutor } from '../../../src/executors/command/command-executor.ts'
import { Commands } from '../../../src/executors/command/options.ts'
import type { Outside } from '../../../src/executors/sandbox/proxy.ts'
import { withVariables } from '../../../src/executors/variables.ts'
import { describeExecutor } from '../../support/executor-contract.ts'
import { aContext, aRequest } from '../requests.ts'

/** An executor of one shell script, which is all that these tests need of a command line. */
function aScript(script: string, more: object = {}) {
  const shell = { command: ['sh', '-c', script], description: 'A script.', ...more }
  return commandExecutor({ commands: Commands.parse({ shell }) })
}

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-command-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function outputOf(script: string, more: object = {}, request: object = {}) {
  const outcome = await aScript(script, more).execute(aRequest({}, request), aContext())
  return outcome.output.text
}

describeExecutor('command', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tutti-command-'))
  const commands = Commands.parse({
    review: { command: ['cat'], description: 'Says what it is told.' },
    // Deaf to a polite request, with a child that is too.
    hang: {
      command: ['sh', '-c', 'trap "" TERM; echo up > started; sleep 1000 & sleep 1000'],
      description: 'Never ends.',
    },
  })
  const workspace = { root, writable: true }
  return {
    executor: commandExecutor({ commands }),
    succeeds: aRequest({ options: { command: 'review' } }, { workspace }),
    hangs: aRequest({ options: { command: 'hang' } }, { workspace }),
    async hanging() {
      await vi.waitUntil(async () => (await readdir(root)).includes('started'), {
        timeout: 60_000,
        interval: 5,
      })
      await rm(join(root, 'started'))
    },
    close: () => rm(root, { recursive: true, force: true }),
  }
})

test('gets the shared context and the prompt on its standard input', async () => {
  const context = aContext()
  const request = aRequest({}, { sharedContext: 'SHARED', prompt: 'größer' })
  const outcome = await aScript('cat').execute(request, context)
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'SHARED\n\ngrößer' } })
  expect(context.text()).toBe('SHARED\n\ngrößer')
})

test('gets the trace that it is part of, if there is one', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const script = 'printenv TRACEPARENT || echo none'
  expect(await outputOf(script, {}, { traceparent })).toBe(`${traceparent}\n`)
  expect(await outputOf(script)).toBe('none\n')
})

test('works in the workspace, which it can change only where its task may', async () => {
  const root = await aFolder()
  await writeFile(join(root, 'a.txt'), 'hello')
  const script = 'cat a.txt; echo new > b.txt || echo " refused"'
  const shared = { workspace: { root, writable: false } }
  expect(await outputOf(script, {}, shared)).toBe('hello refused\n')
  expect(await outputOf(script, {}, { workspace: { root, writable: true } })).toBe('hello')
  expect(await readFile(join(root, 'b.txt'), 'utf8')).toBe('new\n')
})

test('sees only programs and its own environment', async () => {
  const [root, outside] = [await aFolder(), await aFolder()]
  await writeFile(join(outside, 'secret.txt'), 'a secret')
  await symlink(join(outside, 'secret.txt'), join(root, 'link'))
  process.env.TUTTI_TEST_SECRET = 'a secret'
  onTestFinished(() => {
    delete process.env.TUTTI_TEST_SECRET
  })
  const script = `cat link ${outside}/secret.txt /etc/shadow; ls -A /tmp /home /root; ls /proc | grep -c '^[0-9]'; env | sort | grep -v ^PWD`
  const workspace = { root, writable: true }
  expect(
    await outputOf(`(${script}) 2>&1`, { env: { GIVEN: 'yes' } }, { workspace }),
  ).not.toContain('a secret')
  const environment = await outputOf('env | sort', { env: { GIVEN: 'yes' } })
  expect(environment.match(/^\w+(?==)/gm)).toEqual([
    ...['GIVEN', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'PWD', 'USER'],
  ])
  // The sandbox's own process, the shell, ls and its counterpart: none of this machine.
  expect(Number(await outputOf("ls /proc | grep -c '^[0-9]'"))).toBeLessThan(8)
  expect(await outputOf('ls -A /tmp; echo x > /tmp/x; ls -A /tmp; echo x > /x || echo no')).toBe(
    'x\nno\n',
  )
})

test('has a network only where the operator allows it', async () => {
  const server = createServer((_, response) => response.end('reached'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const call = `
    const net = require('node:net').connect(${port}, '127.0.0.1')
    net.on('connect', () => { console.log('reached'); net.end() })
    net.on('error', () => console.log('unreachable'))`
  const script = `"$NODE" -e "$CALL"`
  const readable = [process.execPath]
  const env = { NODE: process.execPath, CALL: call }
  expect(await outputOf(script, { env, readable })).toBe('unreachable\n')
  expect(await outputOf(script, { env, readable, network: true })).toBe('reached\n')
})

test('finds what programs take for granted: a user, a home, a clock, names and certificates', async () => {
  const script = [
    'test "$(whoami)" = "$USER" && getent passwd "$USER" | cut -d: -f6',
    'touch ~/file && ls ~ && id -gn > /dev/null && echo a group',
    'getent hosts localhost > /dev/null && echo localhost',
    'test "$(date +%:z)" = "$ZONE" && echo a time zone',
    'ls /etc/ssl/certs | grep -q . && echo certificates',
    'wc -l < /etc/passwd',
  ].join('; ')
  const offset = -new Date().getTimezoneOffset()
  const two = (minutes: number) => String(Math.trunc(Math.abs(minutes))).padStart(2, '0')
  const ZONE = `${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`
  expect((await outputOf(script, { env: { ZONE } })).split('\n')).toEqual([
    ...['/home/tutti', 'file', 'a group', 'localhost', 'a time zone', 'certificates'],
    ...['2', ''],
  ])
})

test.each([
  ['cpu-limit', 'while :; do :; done', { maxCpuMs: 100 }],
  [
    'memory-limit',
    'head -c 400000000 /dev/zero | tail; sleep 1000',
    { maxMemoryBytes: 50_000_000 },
  ],
  ['process-limit', 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; wait', { maxProcesses: 5 }],
])(
  'a command beyond its limit ends with %s, and is not tried again',
  async (code, script, limit) => {
    const running = aScript(script, limit).execute(aRequest(), aContext())
    await expect(running).rejects.toMatchObject({ name: 'PermanentError', code })
  },
)

test('the end of standard error is kept however the command ends, without its secrets', async () => {
  const env = { TOKEN: 'sk-secret-123', SHORT: 'ab', CONFIG: `{"key":"\${KEY}"}` }
  const script =
    'head -c 90000 /dev/zero | tr "\\0" x >&2; echo "key $TOKEN, $SHORT, inner-key-1: 401" >&2; exit 1'
  const heard: string[] = []
  const context = { ...aContext(), onStderr: (text: string) => heard.push(text) }
  const shell = { command: ['sh', '-c', script], description: 'A script.', env }
  const commands = withVariables(Commands.parse({ shell }), { KEY: 'inner-key-1' })
  const failing = commandExecutor({ commands }).execute(aRequest(), context)
  await expect(failing).rejects.toMatchObject({ code: 'command-failed' })
  expect(heard).toEqual([expect.stringMatching(/^x{60000,}key \[masked\], ab, \[masked\]: 401\n$/)])
  expect(heard[0]?.length).toBeLessThanOrEqual(65_536)
})

test('reaches the hosts that the operator listed, and nothing else', async () => {
  const server = createServer((_, response) => response.end('reached'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const dialled: string[] = []
  const outside: Outside = {
    addressesOf: async (host) => [host === 'rebound.example' ? '169.254.169.254' : '93.184.215.14'],
    connect(address, wanted) {
      dialled.push(`${address}:${wanted}`)
      return connect(port, '127.0.0.1')
    },
  }
  const targets = [
    ...['api.example:443', 'deep.wild.example:8443', 'api.example:22', 'other.example:443'],
    ...['rebound.example:443', `127.0.0.1:${port}`, '[::ffff:127.0.0.1]:443', '10.0.0.1:443'],
  ]
  const call = `
    const http = require('node:http')
    const { hostname, port } = new URL(process.env.HTTPS_PROXY)
    const ask = (path) => new Promise((resolve) => {
      http.request({ hostname, port, method: 'CONNECT', path }).on('connect', (answer, socket) => {
        if (answer.statusCode !== 200) return resolve(answer.statusCode)
        socket.setEncoding('utf8').on('data', (text) => resolve(text.split('\\r\\n\\r\\n')[1]))
        socket.write('GET / HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n')
      }).end()
    })
    const direct = new Promise((resolve) => require('node:net').connect(${port}, '127.0.0.1')
      .on('connect', () => resolve('direct')).on('error', () => resolve('unreachable')))
    Promise.all([...process.argv.slice(1).map(ask), direct]).then((all) => {
      console.log(all.join())
      process.exit(3)
    })`
  const node = {
    command: [process.execPath, '-e', call, '--', ...targets],
    description: 'Calls.',
    readable: [process.execPath],
    network: ['api.example', '*.wild.example:8443', 'rebound.example', '127.0.0.1', '10.0.0.1'],
  }
  const executor = commandExecutor({ commands: Commands.parse({ node }), outside })
  const context = aContext()
  // Its exit code is that of the command, although a relay runs around it.
  await expect(executor.execute(aRequest(), context)).rejects.toThrow('exit code 3')
  expect(context.text()).toBe('reached,reached,403,403,403,403,403,403,unreachable\n')
  expect(dialled).toEqual(['93.184.215.14:443', '93.184.215.14:8443'])
})

test('a command that fails fails its task for good, with its exit code and none of its output', async () => {
  const failing = aScript('echo out; echo err >&2; exit 3').execute(aRequest(), aContext())
  await expect(failing).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'command-failed',
    message: 'The command ended with exit code 3.',
  })
})

test('no output is incomplete, unless files were edited and no data was asked for', async () => {
  const silent = { status: 'incomplete', reason: { code: 'empty-output' } }
  expect(await aScript('true').execute(aRequest(), aContext())).toMatchObject({
    ...silent,
    unlessEdited: true,
  })
  const outcome = await aScript('true').execute(aRequest({ outputSchema: {} }), aContext())
  expect(outcome).toMatchObject(silent)
  expect(outcome).not.toHaveProperty('unlessEdited')
})

test('uses no more memory for files than /tmp and /dev/shm are given', async () => {
  const script = [
    'stat -f -c "%b %S" /dev/shm | { read blocks size; echo $((blocks * size)); }',
    'echo x > /dev/shm/file && cat /dev/shm/file',
    'echo x > /dev/file || echo refused',
    'echo x > /dev/null && head -c 1 /dev/zero | wc -c',
  ].join('; ')
  expect(await outputOf(script)).toBe(`${256 * 1024 ** 2}\nx\nrefused\n1\n`)
})

test('a command that fills its workspace beyond its limit is ended, and not tried again', async () => {
  const root = await aFolder()
  const script = 'head -c 3000000 /dev/zero > large; sleep 1000'
  const running = aScript(script, { maxWorkspaceBytes: 2_000_000 }).execute(
    aRequest({}, { workspace: { root, writable: true } }),
    aContext(),
  )
  await expect(running).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'workspace-too-large',
  })
})

test('too much output is cut, and incomplete', async () => {
  const outcome = await aScript('yes | head -c 9000000').execute(aRequest(), aContext())
  expect(outcome).toMatchObject({ status: 'incomplete', reason: { code: 'output-limit' } })
  expect(outcome.output.text).toHaveLength(4_000_000)
})

test('findings in JSON are data', async () => {
  const finding = { title: 'Weak hash', severity: 'high', confidence: 0.5, file: 'a.ts' }
  const script = `echo '${JSON.stringify({ findings: [finding] })}'`
  const outcome = await aScript(script).execute(aRequest(), aContext())
  expect(outcome.output.findings).toEqual([finding])
})

test('an output schema is checked', async () => {
  const properties = { score: { type: 'integer' } }
  const outputSchema = { type: 'object', properties, required: ['score'] }
  const run = (json: string) =>
    aScript(`echo '${json}'`).execute(aRequest({ outputSchema }), aContext())
  expect(await run('{"score": 7}')).toMatchObject({
    status: 'succeeded',
    output: { data: { score: 7 } },
  })
  expect(await run('{"score": "seven"}')).toMatchObject({
    status: 'incomplete',
    reason: { code: 'off-schema' },
  })
})

test('a command may end by itself when it is told to', async () => {
  const root = await aFolder()
  await mkdir(join(root, 'sub'))
  const controller = new AbortController()
  const script = 'trap "echo bye > bye; exit 0" TERM; echo > up; while :; do sleep 0.01; done'
  const running = aScript(script).execute(
    aRequest({}, { workspace: { root, writable: true } }),
    aContext(controller.signal),
  )
  running.catch(() => {})
  await vi.waitUntil(async () => (await readdir(root)).includes('up'), { timeout: 60_000 })
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  expect(await readFile(join(root, 'bye'), 'utf8')).toBe('bye\n')
})

test("the operator's limit on a command counts too, and the task may be tried again", async () => {
  const running = aScript('sleep 1000', { timeoutMs: 50 }).execute(aRequest(), aContext())
  await expect(running).rejects.toMatchObject({ name: 'TransientError', code: 'command-timeout' })
})

test.each(['/usr/bin/false', '/nowhere/bwrap'])(
  'runs nothing without a sandbox: %s',
  async (sandbox) => {
    const commands = Commands.parse({ shell: { command: ['echo', 'hi'], description: 'Says hi.' } })
    const executor = commandExecutor({ commands, sandbox })
    expect(executor.describe()).toMatchObject({ available: false, reason: /sandbox/ })
    await expect(executor.execute(aRequest(), aContext())).rejects.toMatchObject({
      code: 'sandbox-unavailable',
    })
  },
)

test('a task chooses a command that there is, and nothing else', () => {
  const commands = Commands.parse({
    one: { command: ['true'], description: 'One.' },
    two: { command: ['true'], description: 'Two.' },
  })
  const executor = commandExecutor({ commands })
  const pathsFor = (spec: object) => executor.validate(aRequest(spec).spec).map(({ path }) => path)
  expect(pathsFor({ options: { command: 'one' } })).toEqual([])
  expect(pathsFor({})).toEqual([['options', 'command']])
  expect(pathsFor({ options: { command: 'rm' } })).toEqual([['options', 'command']])
  expect(pathsFor({ options: { command: 'one' }, tools: ['x'] })).toEqual([['tools']])
  expect(commandExecutor({ commands: {} }).describe()).toMatchObject({
    available: false,
    reason: 'No command is configured.',
  })
})
