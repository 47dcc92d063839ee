import type { Command } from '@oclif/core';

/** The commands that are loaded, by the words they are called with. */
export const commands: Record<string, Command.Class> = {};
