import { testMixture } from './model-test.ts'

testMixture('money, priorities, lanes and time')
