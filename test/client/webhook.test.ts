import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { verifyWebhook } from '../../src/client/webhook.ts'

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`
const OTHER = `whsec_${Buffer.from('another secret of thirty-two by.').toString('base64')}`
const BODY = JSON.stringify({
  type: 'plan.finished',
  timestamp: '2026-01-02T03:04:05Z',
  data: { planId: 'plan-1' },
})

function signed(secret = SECRET, at = new Date()): Record<string, string> {
  return {
    'Webhook-Id': 'msg-1',
    'Webhook-Timestamp': `${Math.floor(at.getTime() / 1000)}`,
    'Webhook-Signature': new Webhook(secret).sign('msg-1', at, BODY),
  }
}

describe('a webhook', () => {
  test('that is signed with the secret is read', () => {
    const event = { type: 'plan.finished', data: { planId: 'plan-1' } }
    expect(verifyWebhook(SECRET, signed(), BODY)).toMatchObject(event)
    expect(verifyWebhook(SECRET, new Headers(signed()), Buffer.from(BODY))).toMatchObject(event)
  })

  test('is accepted with either secret while one replaces another', () => {
    expect(verifyWebhook([OTHER, SECRET], signed(), BODY)).toMatchObject({ type: 'plan.finished' })
  })

  test.each([
    ['was changed', SECRET, signed(), BODY.replace('plan-1', 'plan-2')],
    ['is signed with another secret', OTHER, signed(), BODY],
    ['is ten minutes old', SECRET, signed(SECRET, new Date(Date.now() - 600_000)), BODY],
    ['has no signature', SECRET, {}, BODY],
    ['meets no secret', [], signed(), BODY],
  ])('that %s is refused', (_, secret, headers, body) => {
    expect(() => verifyWebhook(secret, headers, body)).toThrow(
      expect.objectContaining({ code: 'invalid-webhook' }),
    )
  })
})
