import { Command } from '@oclif/core';

export const audit = Command;
