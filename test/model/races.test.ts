import { testMixture } from './model-test.ts'

testMixture('two commands at the same moment')
