import { createConfig, lintFromString } from '@redocly/openapi-core'
import type { OpenAPIV3_1 } from 'openapi-types'
import { beforeAll, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/core/contract/limits.ts'
import { buildApp } from '../../../src/http/app.ts'
import { SUBMISSIONS } from '../../../src/http/openapi/example-submissions.ts'
import { fakeApi } from '../../support/fake-api.ts'
import { anApp } from '../harness.ts'

let document: OpenAPIV3_1.Document

beforeAll(async () => {
  const app = await buildApp({ api: fakeApi(), limits: DEFAULT_LIMITS })
  await app.ready()
  document = app.swagger() as OpenAPIV3_1.Document
  await app.close()
})

interface Named {
  name: string
  operation: OpenAPIV3_1.OperationObject
}

function operations(): Named[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation: operation as OpenAPIV3_1.OperationObject,
    })),
  )
}

test('is the document in the repository; `vitest run openapi -u` writes it', async () => {
  const text = `${JSON.stringify(document, null, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../../openapi/openapi.json')
})

test('passes an outside linter without a warning', async () => {
  const config = await createConfig({ extends: ['recommended-strict'] })
  const source = JSON.stringify(document)
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([])
})

test('holds every call of the contract', () => {
  expect(operations().map(({ name }) => name)).toEqual([
    'POST /v1/plans',
    'GET /v1/plans',
    'GET /v1/plans/{planId}',
    'DELETE /v1/plans/{planId}',
    'POST /v1/plans/{planId}/cancel',
    'POST /v1/plans/{planId}/retry',
    'POST /v1/plans/{planId}/resume',
    'GET /v1/plans/{planId}/submission',
    'GET /v1/plans/{planId}/report',
    'GET /v1/plans/{planId}/todos',
    'POST /v1/plans/{planId}/tasks',
    'GET /v1/plans/{planId}/tasks',
    'GET /v1/plans/{planId}/tasks/{taskId}',
    'GET /v1/plans/{planId}/tasks/{taskId}/output',
    'GET /v1/plans/{planId}/outputs',
    'POST /v1/plans/{planId}/tasks/{taskId}/cancel',
    'POST /v1/plans/{planId}/tasks/{taskId}/retry',
    'GET /v1/plans/{planId}/tasks/{taskId}/steps',
    'POST /v1/plans/{planId}/tasks/{taskId}/messages',
    'GET /v1/plans/{planId}/tasks/{taskId}/steps/{number}',
    'GET /v1/plans/{planId}/synthesis',
    'GET /v1/plans/{planId}/syntheses',
    'POST /v1/plans/{planId}/syntheses',
    'GET /v1/plans/{planId}/syntheses/{version}',
    'GET /v1/plans/{planId}/events',
    'GET /v1/executors',
    'GET /v1/workers',
    'GET /v1/plans/{planId}/deliveries',
    'GET /livez',
    'GET /readyz',
  ])
})

test('names, tags, summarises, describes and exemplifies every call', () => {
  const ids = operations().map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { name, operation } of operations()) {
    const { tags, summary, description } = operation
    expect([name, tags?.length, summary, description]).toEqual([
      name,
      1,
      expect.any(String),
      expect.any(String),
    ])
    if (operation.operationId === 'listExecutors') continue
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      if ('$ref' in response || response.content === undefined) continue
      for (const media of Object.values(response.content)) {
        expect([name, status, 'example' in media || 'examples' in media]).toEqual([
          name,
          status,
          true,
        ])
      }
    }
    if (operation.requestBody !== undefined && !('$ref' in operation.requestBody)) {
      expect(operation.requestBody.content['application/json']?.examples).toBeDefined()
    }
  }
})

test('declares what every call of the API may be refused with', () => {
  for (const { name, operation } of operations()) {
    if (!name.includes('/v1/')) continue
    const statuses = Object.keys(operation.responses ?? {})
    expect([name, statuses]).toEqual([
      name,
      expect.arrayContaining(['401', '403', '429', '500', '503']),
    ])
    if (name.includes('{planId}')) expect([name, statuses.includes('404')]).toEqual([name, true])
  }
})

test.each(Object.entries(SUBMISSIONS))('accepts its own example of %s', async (_, { value }) => {
  const { app } = await anApp()
  const response = await app.inject({ method: 'POST', url: '/v1/plans', payload: value })
  expect(response.statusCode).toBe(202)
})

test('is served', async () => {
  const { app } = await anApp()
  const response = await app.inject('/openapi.json')
  expect(response.headers['content-type']).toContain('application/json')
  expect(response.json()).toMatchObject({ openapi: '3.1.1', info: { title: 'Tutti' } })
})
