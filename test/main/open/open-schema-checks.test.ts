import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { openSchemaChecks } from '../../../src/main/open/open-schema-checks.ts'

test('a check that would never end fails with its own code, and the schema stays usable', async () => {
  const checks = openSchemaChecks(pino({ level: 'silent' }), 3_000)
  onTestFinished(() => checks.close())
  const schema = { type: 'string', pattern: '^(a+)+$' }
  const endless = JSON.stringify(`${'a'.repeat(60)}!`)
  expect(await checks.problem(schema)).toBeUndefined()
  for (const stuck of [
    () => checks.read(schema, endless),
    () => checks.run('readOutput', endless, { outputSchema: schema }, { usage: NO_USAGE }),
  ]) {
    await expect(stuck()).rejects.toMatchObject({ code: 'schema-timeout' })
  }
  expect(await checks.read(schema, '"aaa"')).toMatchObject({ fits: true, data: 'aaa' })
  expect(await checks.read(schema, '"b"')).toMatchObject({ fits: false })
  expect(await checks.problem(schema)).toBeUndefined()
})

test('many schemas are each checked', async () => {
  const checks = openSchemaChecks(pino({ level: 'silent' }))
  onTestFinished(() => checks.close())
  const schemas = Array.from({ length: 300 }, (_, at) => ({
    type: at % 3 === 0 ? 'no' : 'string',
    maxLength: at,
  }))
  const problems = await Promise.all(schemas.map((schema) => checks.problem(schema)))
  expect(problems.filter((problem) => problem !== undefined)).toHaveLength(100)
})
