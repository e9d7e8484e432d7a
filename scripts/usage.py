"""How a wrong use of the command line is told: in Vietnamese first, English in brackets."""

import click

from registry.messages import vietnamese_first


def show_usage_error(error: click.ClickException) -> None:
    """On stderr: how the command is used, where its help is, and what is wrong."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # a group without a command tells its commands
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        usage = context.get_usage().removeprefix("Usage: ")
        click.echo(f"Cách dùng (usage): {usage}", err=True)
        if context.command.get_help_option(context) is not None:
            help_option = context.help_option_names[0]
            click.echo(f"Xem thêm (help): {context.command_path} {help_option}\n", err=True)
    said = vietnamese_first(_message(error), "chưa đúng")
    click.echo(f"Lỗi (error): {said}", err=True)


def _message(error: click.ClickException) -> str:
    """What is wrong; of an option that is a choice of another one, `--json`, how to write it."""
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        for option in error.ctx.command.params:
            choices = option.type.choices if isinstance(option.type, click.Choice) else ()
            if (word := error.option_name.lstrip("-")) in choices:
                return f"No such option '{error.option_name}'; write {option.opts[0]} {word}"
    return error.format_message()
