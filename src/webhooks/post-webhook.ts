import { lookup as resolve } from 'node:dns'
import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Webhook } from 'standardwebhooks'
import type { Post } from '../core/deliver/webhooks.ts'

const TIMEOUT_MS = 15_000

export interface WebhookOptions {
  /**
   * `whsec_` and base64. Each of them signs every delivery, as Standard Webhooks specifies, so that
   * receivers can switch from one to another in their own time.
   */
  secrets: readonly string[]
  /** Private addresses or CIDR ranges that may be called nevertheless. */
  allowedRanges: readonly string[]
}

/**
 * Sends deliveries. Addresses are checked at connection time, so that a name cannot resolve to one
 * address for the check and another for the call. Redirects are not followed.
 */
export function webhookPost(options: WebhookOptions): Post {
  const signers = options.secrets.map((secret) => new Webhook(secret))
  const allowed = options.allowedRanges.map((range) => {
    if (range.includes('/')) return ipaddr.parseCIDR(range)
    const address = ipaddr.parse(range)
    return [address, address.kind() === 'ipv4' ? 32 : 128] as [typeof address, number]
  })

  function isAllowed(text: string): boolean {
    // `::ffff:127.0.0.1` is 127.0.0.1.
    const address = ipaddr.process(text)
    if (address.range() === 'unicast' && !isCompatible(address)) return true
    return allowed.some(
      ([range, bits]) => range.kind() === address.kind() && address.match(range, bits),
    )
  }

  const checkedLookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0)
      const [first] = addresses
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
        return callback(new PrivateAddressError(), '', 0)
      }
      if (lookupOptions.all === true) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }

  return (url, { id, body, at, traceparent }) =>
    new Promise((done) => {
      const target = new URL(url)
      // A host that is an IP address is never looked up.
      const host = target.hostname.replace(/^\[|\]$/g, '')
      if (isIP(host) !== 0 && !isAllowed(host)) return done({ error: PRIVATE })
      const settings: RequestOptions = {
        method: 'POST',
        lookup: checkedLookup,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'tutti-webhooks/1',
          'webhook-id': id,
          'webhook-timestamp': Math.floor(at.getTime() / 1_000),
          'webhook-signature': signers.map((signer) => signer.sign(id, at, body)).join(' '),
          ...(traceparent === undefined ? {} : { traceparent }),
        },
      }
      const send = target.protocol === 'https:' ? httpsRequest : httpRequest
      const outgoing = send(target, settings, (response) => {
        // Anything beyond the status is irrelevant, and may be endless.
        response.destroy()
        const statusCode = response.statusCode ?? 0
        const ok = statusCode >= 200 && statusCode < 300
        if (ok) return done({ statusCode })
        const redirect = statusCode >= 300 && statusCode < 400
        done({
          statusCode,
          error: redirect ? 'it redirects, which is not followed' : `it answered ${statusCode}`,
        })
      })
      outgoing.on('error', (error) => done({ error: reasonOf(error) }))
      outgoing.end(body)
    })
}

/** `::127.0.0.1`: an obsolete IPv6 form of an IPv4 address (RFC 4291, 2.5.5.1). */
function isCompatible(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address instanceof ipaddr.IPv6 && address.match(ipaddr.IPv6.parse('::'), 96)
}

const PRIVATE = 'its address is inside the private network, which is not allowed'

class PrivateAddressError extends Error {
  constructor() {
    super(PRIVATE)
  }
}

function reasonOf(error: Error): string {
  if (error instanceof PrivateAddressError) return PRIVATE
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return `it did not answer within ${TIMEOUT_MS} ms`
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return `it could not be reached (${code})`
}
