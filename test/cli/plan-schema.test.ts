import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SubmitPlan } from '../../src/core/contract/submission.ts'

/** Draft 7, because that is what editors complete YAML by. */
function planSchema(): object {
  const { $schema, definitions } = z.toJSONSchema(SubmitPlan, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      const { properties, propertyNames } = jsonSchema
      if (typeof propertyNames === 'object' && propertyNames.type === 'string') {
        // A record's keys are strings anyway.
        delete jsonSchema.propertyNames
      }
      if (properties?.prompt !== undefined && properties.task !== undefined) {
        jsonSchema.anyOf = [{ required: ['task'] }, { required: ['prompt'] }]
      }
      if (properties?.tasks !== undefined && properties.pattern !== undefined) {
        jsonSchema.oneOf = ['tasks', 'pattern', 'goal'].map((member) => ({ required: [member] }))
        // Editors put it into JSON; the command takes it out again.
        jsonSchema.properties = { $schema: { type: 'string' }, ...properties }
      }
    },
  })
  const { SubmitPlan: plan, ...others } = definitions as Record<string, object>
  return { $schema, title: 'A plan for Tutti', ...plan, definitions: others }
}

/** `vitest run test/cli/plan-schema -u` writes the file anew. */
test('the published schema is the one that the service checks plans with', async () => {
  await expect(`${JSON.stringify(planSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schemas/plan.schema.json',
  )
})

describe('the published schema', () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(planSchema())
  const task = { task: 'Review {{perspective}}' }

  test.each([
    ['tasks', { tasks: [{ prompt: 'A' }] }],
    ['a pattern', { pattern: { kind: 'perspectives', perspectives: ['security'], task } }],
    ['a goal', { $schema: '../schemas/plan.schema.json', goal: 'Log in' }],
    ['no synthesis', { tasks: [{ task: 'A' }], synthesis: false }],
  ])('accepts %s', (_, plan) => {
    expect(validate(plan)).toBe(true)
  })

  test.each([
    ['nothing to do', { title: 'Nothing' }],
    ['both tasks and a goal', { tasks: [{ prompt: 'A' }], goal: 'B' }],
    ['a task without words', { tasks: [{ id: 'a' }] }],
    ['a member that there is not', { tasks: [{ prompt: 'A', promt: 'B' }] }],
    ['a number as text', { tasks: [{ prompt: 'A', timeoutMs: '1000' }] }],
  ])('refuses %s', (_, plan) => {
    expect(validate(plan)).toBe(false)
  })
})
