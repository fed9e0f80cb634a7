import { testMixture } from './model-test.ts'

testMixture('one command after another')
