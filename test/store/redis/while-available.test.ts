import { describe, expect, test } from 'vitest'
import { whileAvailable } from '../../../src/store/redis/while-available.ts'

const outcome = (message: string) =>
  whileAvailable(() => Promise.reject(new Error(message))).catch((error: unknown) => error)

describe('answers of an unusable Redis are reported as unavailable, to be retried', () => {
  test.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    'ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed',
    'EXECABORT Transaction discarded because of: OOM command not allowed',
    'Redis accepted only part of the batch: NOREPLICAS Not enough good replicas to write.',
    'NOREPLICAS Not enough good replicas to write. script: 5, on @user_script:3.',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "READONLY You can't write against a read only replica.",
    'CLUSTERDOWN The cluster is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'MISCONF Errors writing to the AOF file: No space left on device',
    'connect ECONNREFUSED 127.0.0.1:6379',
  ])('%s', async (message) => {
    expect(await outcome(message)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 })
  })

  test.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'BUSYGROUP Consumer Group name already exists',
    'ERR user_script:17: attempt to compare nil with number',
    'NOAUTH Authentication required.',
  ])('but not a mistake: %s', async (message) => {
    expect(await outcome(message)).toMatchObject({ message })
    expect(await outcome(message)).not.toHaveProperty('code')
  })
})
