import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface GitServer {
  /** As in the URLs: `127.0.0.1:port`. */
  host: string
  /** `Authorization` headers of the requests so far. */
  authorizations: (string | undefined)[]
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** A server on the loopback that answers every request with `answer`, until the test ends. */
export async function serve(answer: Answer): Promise<GitServer> {
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization)
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, authorizations }
}

/** The repositories below a folder, through git's own CGI program. */
export function smart(folder: string): Answer {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
      },
    })
    request.pipe(backend.stdin)
    const chunks: Buffer[] = []
    backend.stdout.on('data', (chunk) => chunks.push(chunk))
    backend.once('close', () => {
      const answer = Buffer.concat(chunks)
      const end = answer.indexOf('\r\n\r\n')
      for (const line of answer.subarray(0, end).toString().split('\r\n')) {
        const [name = '', value = ''] = line.split(': ')
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.end(answer.subarray(end + 4))
    })
  }
}

/** Serves the files below a folder unchanged ("dumb HTTP"). */
export function plain(folder: string): Answer {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    try {
      response.end(await readFile(join(folder, pathname)))
    } catch {
      response.writeHead(404).end()
    }
  }
}

/** Asks for this user and password before it lets `answer` answer. */
export function guarded(pair: string, answer: Answer): Answer {
  return (request, response) => {
    if (request.headers.authorization === `Basic ${Buffer.from(pair).toString('base64')}`) {
      return answer(request, response)
    }
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
  }
}
