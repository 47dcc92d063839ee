import { Args, Flags } from '@oclif/core';
import { type Checked, graph } from '../../engine.ts';
import { deferredLoad } from '../../execute/load/cadence.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint, RefusedError } from '../../model/errors.ts';
import type { GraphNode } from '../../model/graph.ts';
import { withoutAccounts } from '../../model/graph.ts';
import type { Project } from '../../model/project.ts';
import { explainNode } from '../../operations/explain-node.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { nodeText } from '../../report/node-text.ts';
import { systemClock } from '../../services/clock.ts';
import { didYouMean, listText } from '../../validate/suggest.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { inLab } from '../in-lab.ts';
import { openedAs } from '../parity-ends.ts';
import { closingOnFailure, type OpenedProject, planned } from '../planned.ts';
import { changesSinceLast } from '../selection.ts';

export default class Explain extends BaseCommand {
  static override readonly summary =
    'Say why a stream or mapping would be selected, skipped or changed, and what a run would do with it next.';
  static override readonly description =
    'What differs from the plan that was applied last, where its values come from, where it stands, its last run, open Blockers, and its next steps. No request is made.';
  static override readonly examples = [
    '<%= config.bin %> explain order_lines',
    '<%= config.bin %> explain shop.orders --env test',
  ];
  static override readonly args = {
    node: Args.string({ description: 'A name of `etl ls`.', required: true }),
  };
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Of runs in the lab.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(Explain);
    const checked = await this.project(flags);
    const { work, refused } = await opened(checked, flags.lab);
    return closingOnFailure(work, async () => {
      const nodes = graph(work.project, work.plan).filter(({ kind }) => kind !== 'table');
      const { staging, state, plan, documents, diagnostics } = work;
      const found = await explainNode(named(args.node, nodes), {
        plan,
        graph: graph(work.project, plan),
        changes: await changesSinceLast(work),
        documents,
        environment: checked.project.environment,
        ...((await staging.exists()) && { ledger: { state, blockers: staging.blockers } }),
        refused: refused.map(({ code, summary }) => `${code}: ${summary}`),
        deferred: (mapping) => deferred(work, mapping),
      });
      await Promise.all([staging.close(), work.warehouse.close()]);
      return {
        exitCode: exitCodes.ok,
        result: found,
        diagnostics: [...diagnostics, ...refused],
        text: nodeText(found),
      };
    });
  }
}

interface Opened {
  readonly work: OpenedProject;
  /** Why there is no plan, as warnings: to say so is what the command is for. */
  readonly refused: readonly Diagnostic[];
}

/** The project with its plan; where its tables keep it from having one, as it is declared. */
async function opened(checked: Checked & { readonly project: Project }, lab: boolean): Promise<Opened> {
  try {
    return { work: await planned(checked, lab), refused: [] };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const work = await openedAs(checked, lab ? inLab(checked.project) : checked.project);
    const refused = error.diagnostics.filter(({ severity }) => severity === 'error');
    return { work, refused: refused.map((one) => ({ ...one, severity: 'warning' })) };
  }
}

/** The node of this name. @throws RefusedError (exit 3) when there is none */
function named(name: string, nodes: readonly GraphNode[]): GraphNode {
  const found = nodes.find((node) => node.name === name);
  if (found !== undefined) return found;
  const names = withoutAccounts(nodes).map((node) => node.name);
  const guess = didYouMean(name, names);
  throw new RefusedError('invalid', [
    complaint(
      'ETL0903',
      `there is no node ${name}${guess === undefined ? '' : `: ${guess}`}`,
      `The project has: ${listText(names)}.`,
    ),
  ]);
}

async function deferred({ plan, staging }: OpenedProject, mapping: string): Promise<string | undefined> {
  const step = plan.steps.find((one) => one.kind === 'load' && one.mapping === mapping);
  if (step?.kind !== 'load' || !(await staging.exists())) return undefined;
  return deferredLoad(step, { staging, clock: systemClock });
}
