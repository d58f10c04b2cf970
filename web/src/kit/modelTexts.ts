// What is wrong with a value, in words.
import { decimal } from './numbers';
import { text } from './texts';
import type { Problem } from './thingModel';

/** The sentence for a problem, in the language of the moment. */
export function sentenceOfProblem(problem: Problem): string {
  switch (problem.code) {
    case 'below':
      return text('model.problem.below', { limit: decimal(problem.limit, 6) });
    case 'above':
      return text('model.problem.above', { limit: decimal(problem.limit, 6) });
    case 'shorter':
      return text('model.problem.shorter', { limit: decimal(problem.limit) });
    case 'longer':
      return text('model.problem.longer', { limit: decimal(problem.limit) });
    default:
      return text(`model.problem.${problem.code}`);
  }
}
