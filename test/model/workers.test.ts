import { testMixture } from './model-test.ts'

testMixture('workers that end, die and come')
