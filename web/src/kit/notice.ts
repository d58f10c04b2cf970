// Short notices after an action; set by the shell, so that they follow theme and language.
import type { MessageInstance } from 'antd/es/message/interface';

let shown: MessageInstance | undefined;

export function setNotices(instance: MessageInstance): void {
  shown = instance;
}

export const notice = {
  done: (text: string) => void shown?.success(text),
  failed: (text: string) => void shown?.error(text, 6),
  told: (text: string) => void shown?.info(text),
};
